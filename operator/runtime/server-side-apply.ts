import { createHash } from 'node:crypto'
import { differences, type Difference } from './differences.ts'
import { type KubernetesClient } from './kubernetes-client.ts'
import { type KubernetesObject, type ResourceType } from './kubernetes-object.ts'

/** What has to be done for an object to be as it should be. */
export type ApplyDecision =
  | { readonly action: 'none' }
  | { readonly action: 'create' }
  /** What should be has changed since it was applied. */
  | { readonly action: 'update' }
  /** What should be is as before, but somebody has changed the object. */
  | { readonly action: 'repair'; readonly differences: readonly Difference[] }
  /** It had been applied, and somebody has deleted it. */
  | { readonly action: 'restore' }

/**
 * Compares an object as it should be with the live one. The hash of what was applied tells a change of ours from somebody
 * else's, and notices a field that we no longer want (the live object would still contain all that we want). It stands in
 * an annotation of the object; a caller that keeps a record of its own also recognises an object that is gone, and one
 * whose annotation was changed. Pure.
 * @param applied hash that the caller's record has for this object; undefined: it has none
 */
export function decide(
  wanted: KubernetesObject,
  live: KubernetesObject | null,
  annotation: string,
  applied?: string,
): ApplyDecision {
  if (!live) return { action: applied === undefined ? 'create' : 'restore' }
  const hash = appliedHash(wanted)
  if ((applied ?? live.metadata.annotations?.[annotation]) !== hash) return { action: 'update' }
  const found = differences(stamp(wanted, annotation), live)
  return found.length === 0 ? { action: 'none' } : { action: 'repair', differences: found }
}

/** Server-side apply, bearing the hash that {@link decide} looks for. */
export function apply<T extends KubernetesObject>(
  client: KubernetesClient,
  type: ResourceType,
  wanted: T,
  options: { readonly fieldManager: string; readonly annotation: string },
): Promise<T> {
  return client.apply<T>(type, stamp(wanted, options.annotation), options.fieldManager)
}

/** Whether a field of the live object is there because `manager` has applied it. @param path `['spec', 'replicas']` */
export function hasApplied(live: KubernetesObject, manager: string, path: readonly string[]): boolean {
  const ours = live.metadata.managedFields?.filter(fields => fields.manager === manager && fields.operation === 'Apply')
  return (ours ?? []).some(({ fieldsV1 }) => {
    let node: unknown = fieldsV1
    for (const name of path) node = (node as Record<string, unknown> | undefined)?.[`f:${name}`]
    return node !== undefined
  })
}

/** The same for equal objects; it says nothing of what is in them. */
export function appliedHash(wanted: KubernetesObject): string {
  return createHash('sha256').update(JSON.stringify(sorted(wanted))).digest('hex').slice(0, 16) // prettier-ignore
}

function stamp<T extends KubernetesObject>(wanted: T, annotation: string): T {
  const annotations = { ...wanted.metadata.annotations, [annotation]: appliedHash(wanted) }
  return { ...wanted, metadata: { ...wanted.metadata, annotations } }
}

/** The same object gives the same text, whatever the order in which it was put together. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]))
}
