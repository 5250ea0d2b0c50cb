import { tenantMigrations } from '../stores/postgres/migrations/tenant/index.ts'
import { compareSchema, tenantSchemaState } from '../stores/postgres/schema-state.ts'
import type { DesiredTenant } from './desired.ts'
import type { ObservedTenant } from './observed.ts'
import { type Claim, judge } from './ownership-claim.ts'
import { planIntegrity } from './plan-integrity.ts'
import type { Drift, Plan, Step } from './steps.ts'

/**
 * The role and the schema of a tenant whose ownership has been judged already. Pure.
 * @param archive what a schema that is missing is made of; absent: it is made empty
 */
export function planSchema(desired: DesiredTenant, observed: ObservedTenant, claim: Claim, archive?: string): Plan {
  const { role, schema } = observed
  const { slug } = desired
  // The row is written after the schema is complete, so this is no interrupted creation: the data is gone.
  if (observed.row && !schema.exists)
    return lost(schema.name, 'existence', 'present', 'missing', 'restore it from a backup, or delete the tenant and create it anew', `schema ${schema.name} is gone with all documents of the tenant`) // prettier-ignore
  const integrity = planIntegrity({ schema: schema.name, slug, structure: schema.structure, grants: schema.grants }, 'tenant') // prettier-ignore
  if (integrity.obstacles.length > 0) return integrity
  const stranger = schema.exists && schema.ownedBy !== role.name && schema.ownedBy !== role.login
  if (stranger)
    return lost(schema.name, 'owner', role.name, schema.ownedBy ?? 'nobody', `as that role run: ALTER SCHEMA "${schema.name}" OWNER TO "${role.login}"`, `schema ${schema.name} is owned by the role ${schema.ownedBy}`) // prettier-ignore
  const found = schema.exists ? rightsDrift(observed) : []
  const state = tenantSchemaState({ applied: schema.applied, level: observed.level })
  if (state.state === 'newer')
    return unrepairable(`schema ${schema.name} has migrations that this version does not know (${state.unknown.join(', ')}); run the version that made them, or a newer one`, 'NewerSchema') // prettier-ignore
  const steps: Step[] = []
  if (!role.exists && !schema.exists) steps.push({ kind: 'create-role', slug })
  else if (found.length > 0 || !role.granted || role.excess.length > 0)
    steps.push({ kind: 'grant-schema', slug, missing: found.map(({ field }) => field) })
  // No other step repairs any of it.
  const drift = found.map(difference => ({ ...difference, repair: [...steps] }))
  if (!schema.exists)
    steps.push(archive === undefined ? { kind: 'create-schema', slug, owner: desired.owner } : { kind: 'restore-schema', slug, archive, owner: desired.owner }) // prettier-ignore
  else if (judge(schema.marker, claim) !== 'ours')
    steps.push({ kind: 'adopt-schema', schema: schema.name, slug, owner: desired.owner })
  const unreadable = schema.exists && observed.knowledgeBases === null
  if (unreadable) return { steps: [...steps, ...integrity.steps], obstacles: [], drift: [...drift, ...integrity.drift] }
  const migration = planMigration(desired, observed)
  if (migration.obstacles.length > 0) return migration
  steps.push(...migration.steps)
  return { steps: [...steps, ...integrity.steps], obstacles: [], drift: [...drift, ...integrity.drift] }
}

/** Which migrations a tenant's schema gets, see {@link DesiredTenant.migrations}. */
function planMigration(desired: DesiredTenant, { schema, level }: ObservedTenant): Plan {
  const target = desired.migrations === 'recorded' ? (level?.tenant ?? []) : null
  const wanted = target ? tenantMigrations.filter(({ name }) => target.includes(name)) : tenantMigrations
  const unknown = target?.filter(name => !wanted.some(migration => migration.name === name)) ?? []
  const state = compareSchema(schema, wanted, level?.schemas.tenant)
  const isThere = target?.every(name => schema.applied?.includes(name)) ?? state.state !== 'behind'
  if (isThere) return { steps: [], obstacles: [], drift: [] }
  if (unknown.length > 0)
    return unrepairable(`the image of the pipeline has migrations for schema ${schema.name} that this version of the operator does not know (${unknown.join(', ')}); bring the operator to the image's version`, 'NewerSchema') // prettier-ignore
  if (state.state !== 'behind') return { steps: [], obstacles: [], drift: [] }
  const { from, to } = state
  return { steps: [{ kind: 'migrate-tenant-schema', slug: desired.slug, from, to, target }], obstacles: [], drift: [] }
}

/** Differences between the rights that there are and those that creation gives. */
function rightsDrift({ role, schema }: ObservedTenant): Drift[] {
  const drift: Drift[] = []
  const differs = (object: string, field: string, wanted: string, found: string) =>
    drift.push({ object, field, wanted, found })
  if (!role.exists) differs(`role ${role.name}`, 'existence', 'present', 'missing')
  else if (!role.granted) differs(`role ${role.name}`, 'member', role.login, 'missing')
  for (const attribute of role.excess) differs(`role ${role.name}`, 'attribute', `NO${attribute}`, attribute)
  if (schema.ownedBy !== role.name) differs(`schema ${schema.name}`, 'owner', role.name, schema.ownedBy ?? 'nobody')
  // A role that is gone owns nothing: its tables are told by the schema's owner already.
  if (role.exists)
    for (const table of schema.strayTables) differs(`table ${schema.name}.${table}`, 'owner', role.name, 'another role')
  if (schema.public) differs(`schema ${schema.name}`, 'usage', role.name, 'PUBLIC')
  return drift
}

/** What is wrong with the schema and can only be mended by a person. */
function lost(schema: string, field: string, wanted: string, found: string, remedy: string, what: string): Plan {
  const drift = { object: `schema ${schema}`, field, wanted, found, repair: [], remedy }
  return { ...unrepairable(`${what}; ${remedy}`), drift: [drift] }
}

function unrepairable(message: string, reason: 'Unrepairable' | 'NewerSchema' = 'Unrepairable'): Plan {
  return { steps: [], obstacles: [{ reason, area: 'tenant', message }], drift: [] }
}
