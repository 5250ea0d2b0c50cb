import { type Drift } from '../../api/provisioning/steps.ts'

/** As many entries, and of each so much, as the CRD's schema takes. */
export function statusDrift(drift: readonly Drift[]): Drift[] {
  return drift.slice(0, 64).map(({ object, field, wanted, found }) => ({
    object: object.slice(0, 512),
    field: field.slice(0, 512),
    wanted: wanted.slice(0, 4096),
    found: found.slice(0, 4096),
  }))
}
