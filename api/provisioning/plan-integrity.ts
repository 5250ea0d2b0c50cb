import { isLost, type StructureDifference } from '../stores/postgres/schema-structure.ts'
import type { StrayGrant } from '../stores/postgres/stray-grants.ts'
import type { ObservedIntegrity } from './observed.ts'
import type { Obstacle, Plan, Step, StoreDrift } from './steps.ts'

/** The tables of a schema as its migrations made them, and who may touch them. */
export interface Integrity {
  readonly schema: string
  /** Null: the control schema. */
  readonly slug: string | null
  readonly structure: readonly StructureDifference[]
  readonly grants: readonly StrayGrant[]
}

/**
 * Steps that mend a schema in place: indexes and constraints are made anew, rights that somebody gave are taken away. A
 * table or a column that is gone has taken data along: that is an obstacle, and an empty one is never made in its place.
 * Pure.
 */
export function planIntegrity(integrity: Integrity, area: Obstacle['area']): Plan {
  const { schema, slug, structure, grants } = integrity
  const lost = structure.filter(isLost)
  if (lost.length > 0)
    return { steps: [], obstacles: [lostObstacle(schema, slug, lost, area)], drift: lost.map(one => structureDrift(schema, one, [], RESTORE)) } // prettier-ignore
  const steps: Step[] = []
  const drift: StoreDrift[] = []
  if (structure.length > 0) {
    const step: Step = { kind: 'mend-schema', schema, slug, missing: structure }
    steps.push(step)
    drift.push(...structure.map(one => structureDrift(schema, one, [step])))
  }
  const revocable = grants.filter(({ revokedBy }) => revokedBy !== null)
  const revocation: Step[] = revocable.length > 0 ? [{ kind: 'revoke-grants', slug, grants: revocable }] : []
  drift.push(...revocable.map(grant => grantDrift(grant, revocation)))
  drift.push(...grants.filter(({ revokedBy }) => revokedBy === null).map(grant => grantDrift(grant, [])))
  return { steps: [...steps, ...revocation], obstacles: [], drift }
}

/** Whether something of the control schema is lost or somebody else's, so that nothing can be built on it. Pure. */
export function isBroken({ foreign, structure }: ObservedIntegrity): boolean {
  return foreign.length > 0 || structure.some(isLost)
}

const RESTORE = 'restore it from a backup; docs/drift.md tells how'

function lostObstacle(
  schema: string,
  slug: string | null,
  lost: readonly StructureDifference[],
  area: Obstacle['area'],
): Obstacle {
  const tables = lost.filter(({ kind }) => kind === 'table').map(({ name }) => name)
  const columns = lost.filter(({ kind }) => kind === 'column').map(({ table, name, wanted, found }) => `${table}.${name} (${found}, wanted ${wanted})`) // prettier-ignore
  const what = [tables.length > 0 && `the tables ${tables.join(', ')}`, columns.length > 0 && `the columns ${columns.join(', ')}`].filter(Boolean).join(' and ') // prettier-ignore
  const otherwise = slug === null ? '' : ', or delete the tenant and create it anew'
  return { reason: 'Unrepairable', area, message: `schema ${schema} has lost ${what}; restore them from a backup${otherwise} (docs/drift.md tells how)` } // prettier-ignore
}

function structureDrift(
  schema: string,
  { kind, table, name, wanted, found }: StructureDifference,
  repair: readonly Step[],
  remedy?: string,
): StoreDrift {
  const field = kind === 'table' ? 'existence' : `${kind} ${name}`
  return { object: `table ${schema}.${table}`, field, wanted, found, repair, ...(remedy === undefined ? {} : { remedy }) } // prettier-ignore
}

function grantDrift({ object, grantee, rights, revoke }: StrayGrant, repair: readonly Step[]): StoreDrift {
  const difference = { object, field: `rights of ${grantee}`, wanted: 'none', found: rights, repair }
  return repair.length > 0 ? difference : { ...difference, remedy: `as a superuser, or as the role that gave them, run: ${revoke}` } // prettier-ignore
}
