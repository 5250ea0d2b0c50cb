import { controlMigrations } from './migrations/control/index.ts'
import type { Migration } from './migrations/migration.ts'
import { tenantMigrations } from './migrations/tenant/index.ts'
import type { Compatibility, SchemaLevel } from './schema-level.ts'

/** How far a schema is: `applied` in the order in which they ran; null when the schema was never migrated. */
export interface SchemaVersion {
  readonly applied: readonly string[] | null
  /** What the control schema records; absent or null when nothing is recorded, or nobody has looked. */
  readonly level?: SchemaLevel | null
}

/**
 * What a program's own migrations are to a schema.
 * - `ahead`: one release newer, which keeps this one working.
 * - `newer`: too new for this program.
 * - `behind`: `oneRelease` when all that is missing came with the newest release, so that programs which are released
 *   together with the operator find what they need.
 */
export type SchemaState =
  | { readonly state: 'current'; readonly at: string }
  | { readonly state: 'ahead'; readonly unknown: readonly string[] }
  | { readonly state: 'newer'; readonly unknown: readonly string[] }
  | { readonly state: 'behind'; readonly from: string | null; readonly to: string; readonly oneRelease: boolean }

/** Pure. */
export function controlSchemaState(version: SchemaVersion): SchemaState {
  return compareSchema(version, controlMigrations, version.level?.schemas.control)
}

/** Pure. */
export function tenantSchemaState(version: SchemaVersion): SchemaState {
  return compareSchema(version, tenantMigrations, version.level?.schemas.tenant)
}

/**
 * What is to be done with a schema whose migrations are `applied`. Pure.
 * @param record with whom the schema works, as the newest program that migrated it has recorded
 */
export function compareSchema(
  { applied }: SchemaVersion,
  known: readonly Migration[],
  record: Compatibility | undefined,
): SchemaState {
  const names = known.map(migration => migration.name)
  const done = applied ?? []
  const unknown = done.filter(name => !names.includes(name))
  if (unknown.length > 0) {
    const vouched = record !== undefined && unknown.every(name => record.known.includes(name))
    const works = vouched && record.floor.every(name => names.includes(name))
    return { state: works ? 'ahead' : 'newer', unknown }
  }
  const to = names.at(-1) ?? ''
  const missing = known.filter(({ name }) => !done.includes(name))
  if (missing.length === 0) return { state: 'current', at: to }
  const newest = known.at(-1)?.release
  const oneRelease = done.length > 0 && missing.every(({ release }) => release === newest)
  return { state: 'behind', from: done.at(-1) ?? null, to, oneRelease }
}

/** Whether this program can read and write such a schema as it is. */
export function isUsable(state: SchemaState): boolean {
  return state.state === 'current' || state.state === 'ahead' || (state.state === 'behind' && state.oneRelease)
}

/** What {@link SchemaLevel} says of the schemas that these migrations make; `image` is not known here. Pure. */
export function levelOf(control: readonly Migration[], tenant: readonly Migration[]): Omit<SchemaLevel, 'image'> {
  const newest = [...control, ...tenant]
    .map(({ release }) => release)
    .sort(byNumber)
    .at(-1)
  const compatibility = (migrations: readonly Migration[]): Compatibility => ({
    known: namesOf(migrations),
    // Up to the release before.
    floor: namesOf(migrations.filter(({ release }) => release !== newest)),
  })
  return { tenant: namesOf(tenant), schemas: { control: compatibility(control), tenant: compatibility(tenant) } }
}

function namesOf(migrations: readonly Migration[]): string[] {
  return migrations.map(({ name }) => name)
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
