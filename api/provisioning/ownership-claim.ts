import { type Owner, sameOwner } from '../contract/ownership.ts'

/** On what grounds something that bears a marker may be changed: it is the owner's, was released to it, or is adopted. */
export interface Claim {
  readonly owner: Owner
  readonly adopt: boolean
  /** Marker that the previous owner of the same name left when it was deleted with Retain. */
  readonly released: Owner | null
}

export type Verdict = 'ours' | 'takeable' | 'foreign'

/** Pure. A place without a marker is as foreign as one with another's. */
export function judge(marker: Owner | null, { owner, adopt, released }: Claim): Verdict {
  if (marker && sameOwner(marker, owner)) return 'ours'
  return adopt || (marker && released && sameOwner(marker, released)) ? 'takeable' : 'foreign'
}

/** Whether the owner is the same resource created anew: another uid under the same name in the same cluster. */
export function sameResource(a: Owner, b: Owner): boolean {
  return a.cluster === b.cluster && a.name !== undefined && a.name === b.name
}

/** Sentence for people: whose a place is. */
export function describeOwner(marker: Owner | null): string {
  if (!marker) return 'bears no ownership marker'
  return `belongs to ${marker.name ?? marker.uid} of cluster ${marker.cluster}`
}

export const ADOPT_HINT = 'annotate the resource with selfrag.io/adopt: "true" to take it over'
