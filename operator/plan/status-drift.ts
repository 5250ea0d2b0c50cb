import { type Drift } from '../../api/provisioning/steps.ts'
import { cut } from '../runtime/cut.ts'

/** With these a status stays below 100 KB whatever happens; etcd takes 1.5 MB. The CRD's schema has the same bounds. */
export const MOST_DRIFT = 64
const LONGEST = { object: 512, field: 512, value: 1024, remedy: 1024 } as const

export interface StatusDrift {
  readonly drift?: Drift[]
  /** How many more there are than are listed. */
  readonly driftOmitted?: number
}

/** The part of a status that tells drift; empty when there is none. */
export function statusDrift(drift: readonly Drift[]): StatusDrift {
  if (drift.length === 0) return {}
  const omitted = drift.length - MOST_DRIFT
  return { drift: drift.slice(0, MOST_DRIFT).map(bounded), ...(omitted > 0 ? { driftOmitted: omitted } : {}) }
}

function bounded({ object, field, wanted, found, remedy }: Drift): Drift {
  return {
    object: cut(object, LONGEST.object),
    field: cut(field, LONGEST.field),
    wanted: cut(wanted, LONGEST.value),
    found: cut(found, LONGEST.value),
    ...(remedy === undefined ? {} : { remedy: cut(remedy, LONGEST.remedy) }),
  }
}

/** What was not told before: an Event each time that the world is looked at would be noise. */
export function newDrift(before: readonly Drift[] | undefined, now: readonly Drift[]): readonly Drift[] {
  const known = new Set((before ?? []).map(identity))
  return now.filter(drift => !known.has(identity(bounded(drift))))
}

function identity({ object, field, wanted, found }: Drift): string {
  return JSON.stringify([object, field, wanted, found])
}
