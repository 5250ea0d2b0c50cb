import type { Knex } from 'knex'
import { tenantSchema } from '../contract/names.ts'
import { sameOwner } from '../contract/ownership.ts'
import { observeKeys, revokeKeys } from '../stores/postgres/api-keys.ts'
import { releaseKnowledgeBases } from '../stores/postgres/knowledge-bases.ts'
import { tenantMigrations } from '../stores/postgres/migrations/tenant/index.ts'
import { migrateTenantSchema } from '../stores/postgres/migrator.ts'
import type { TenantRow } from '../stores/postgres/rows.ts'
import { holdSchemaLevel, readSchemaLevel } from '../stores/postgres/schema-level.ts'
import { createTenantSchema, describeTenantPlace, ensureTenantRole, repairTenantPlace } from '../stores/postgres/tenant-roles.ts' // prettier-ignore
import { enterTenant, leaveTenant } from '../stores/postgres/tenant-scope.ts'
import { findTenantBySlug, insertTenant, updateTenant } from '../stores/postgres/tenants.ts'
import { auditStep } from './audit.ts'
import { settingsOf } from './declared-settings.ts'
import type { DesiredTenant } from './desired.ts'
import { describeOwner } from './ownership-claim.ts'
import type { StepOf } from './steps.ts'
import type { ApplyContext, ProvisioningStores } from './stores.ts'

export async function createRole(
  { database }: ProvisioningStores,
  step: StepOf<'create-role'>,
  context: ApplyContext,
): Promise<void> {
  await database.transaction(async sql => {
    const place = await describeTenantPlace(sql, step.slug)
    await ensureTenantRole(sql, place)
    await auditStep(sql, context, { action: step.kind, target: place.role })
  })
}

/** Creating the schema decides between two that would own it: the second finds the first one's marker. */
export async function createSchema(
  { database }: ProvisioningStores,
  step: StepOf<'create-schema'>,
  context: ApplyContext,
): Promise<void> {
  await database.transaction(async sql => {
    const place = await describeTenantPlace(sql, step.slug)
    if (place.schemaExists) {
      if (place.marker && sameOwner(place.marker, step.owner)) return
      throw new Error(`schema ${place.schema} was created meanwhile and ${describeOwner(place.marker)}`)
    }
    await createTenantSchema(sql, step.slug, place.role, step.owner)
    await auditStep(sql, context, { action: step.kind, target: place.schema, detail: { owner: step.owner } })
  })
}

export async function repairGrants(
  { database }: ProvisioningStores,
  step: StepOf<'grant-schema'>,
  context: ApplyContext,
): Promise<void> {
  await database.transaction(async sql => {
    await repairTenantPlace(sql, step.slug)
    await auditStep(sql, context, { action: step.kind, target: step.slug, detail: { missing: step.missing } })
  })
}

export async function migrateTenant(
  { database }: ProvisioningStores,
  step: StepOf<'migrate-tenant-schema'>,
  context: ApplyContext,
): Promise<void> {
  const after = async (sql: Knex.Transaction) => {
    await leaveTenant(sql)
    await auditStep(sql, context, { action: step.kind, target: step.slug, detail: { from: step.from, to: step.to } })
  }
  const level = await readSchemaLevel(database)
  await migrateTenantSchema(database, step.slug, { level, after, ...(step.target && { target: step.target }) })
}

export async function createTenant(
  { database }: ProvisioningStores,
  step: StepOf<'create-tenant'>,
  context: ApplyContext,
): Promise<void> {
  const { tenant } = step
  await database.transaction(async sql => {
    await refuseWhileUpgrading(sql)
    const { row, existed } = await insertTenant(sql, {
      ...(tenant.id !== undefined && { id: tenant.id }),
      slug: tenant.slug,
      ...columns(tenant),
      settings: settingsOf(tenant, {}),
      schema_name: tenantSchema(tenant.slug),
      collection: step.collection,
      managed_by: tenant.managedBy,
      owner: tenant.owner,
    })
    if (!existed) await auditStep(sql, context, { action: step.kind, target: tenant.slug, tenantId: row.id })
    else if (!sameOwner(row.owner, tenant.owner))
      throw new Error(`tenant ${tenant.slug} was created meanwhile and ${describeOwner(row.owner)}`)
  })
}

export class UpgradeUnderWay extends Error {
  override readonly name = 'UpgradeUnderWay'
  constructor(migrations: readonly string[]) {
    super(`tenants are being brought to a newer version (${migrations.join(', ')}), which makes new ones when it has replaced this one; try again in some minutes`) // prettier-ignore
  }
}

/**
 * A newer image's migration goes through all tenants that there are; one that an older pod adds behind its back would stay
 * at the older version. The row is held, so that either the migration sees the tenant or this sees the migration.
 */
async function refuseWhileUpgrading(sql: Knex.Transaction): Promise<void> {
  const level = await holdSchemaLevel(sql)
  const unknown = level?.tenant.filter(name => !tenantMigrations.some(migration => migration.name === name)) ?? []
  if (unknown.length > 0) throw new UpgradeUnderWay(unknown)
}

export async function take(
  { database }: ProvisioningStores,
  { kind, tenant, from }: StepOf<'take-tenant'>,
  context: ApplyContext,
): Promise<void> {
  await onTenant(database, tenant.slug, async (sql, row) => {
    await updateTenant(sql, row.id, { managed_by: tenant.managedBy, owner: tenant.owner, released_at: null })
    await auditStep(sql, context, { action: kind, target: tenant.slug, tenantId: row.id, detail: { from } })
  })
}

export async function updateRow(
  { database }: ProvisioningStores,
  { kind, tenant, changed }: StepOf<'update-tenant'>,
  context: ApplyContext,
): Promise<void> {
  await onTenant(database, tenant.slug, async (sql, row) => {
    await updateTenant(sql, row.id, { ...columns(tenant), settings: settingsOf(tenant, row.settings) })
    await auditStep(sql, context, { action: kind, target: tenant.slug, tenantId: row.id, detail: { changed } })
  })
}

function columns(tenant: DesiredTenant) {
  return {
    display_name: tenant.displayName,
    plan: tenant.plan,
    isolation: tenant.isolation,
    status: tenant.disabled ? ('disabled' as const) : ('active' as const),
    quotas: tenant.quotas,
  }
}

/** Everything becomes HTTP's, disabled: an administrator can see, enable and delete it. */
export async function release(
  { database }: ProvisioningStores,
  { kind, slug }: StepOf<'release-tenant'>,
  context: ApplyContext,
): Promise<void> {
  await onTenant(database, slug, async (sql, row) => {
    const now = context.now()
    const { declared: keys } = await observeKeys(sql, row.id, [])
    await revokeKeys(sql, keys.map(key => key.id), now) // prettier-ignore
    await updateTenant(sql, row.id, { managed_by: 'api', status: 'disabled', released_at: now })
    await auditStep(sql, context, { action: kind, target: slug, tenantId: row.id, detail: { owner: row.owner } })
    await enterTenant(sql, slug)
    await releaseKnowledgeBases({ sql }, 'all')
  })
}

/** One transaction on a tenant that must be there. */
export async function onTenant<T>(
  database: Knex,
  slug: string,
  work: (sql: Knex.Transaction, row: TenantRow) => Promise<T>,
): Promise<T> {
  return database.transaction(async sql => {
    const row = await findTenantBySlug(sql, slug)
    if (!row) throw new Error(`tenant ${slug} is gone; it was deleted meanwhile`)
    return work(sql, row)
  })
}
