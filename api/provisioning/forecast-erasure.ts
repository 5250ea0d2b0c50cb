import { CONTROL_SCHEMA } from '../contract/names.ts'
import { countRows, countTenantRows } from '../stores/postgres/tenant-roles.ts'
import { countRowsOfTenant } from '../stores/postgres/tenants.ts'
import type { ObservedPipelineRemoval, ObservedRemoval } from './observed.ts'
import type { ErasureForecast } from './planned-change.ts'
import type { ProvisioningStores } from './stores.ts'

/** Counts what removing a tenant would erase; changes nothing. Rows that cannot be read count as none. */
export async function forecastTenantErasure(
  { database, vectors }: ProvisioningStores,
  slug: string,
  observed: ObservedRemoval,
): Promise<ErasureForecast> {
  const { row, role, schema, collection } = observed
  const readable = schema.exists && role.granted && schema.ownedBy === role.name && schema.strayTables.length === 0
  return {
    rows: readable ? await database.transaction(sql => countTenantRows(sql, slug)) : 0,
    controlRows: row ? await countRowsOfTenant(database, row.id) : 0,
    points: {
      [collection.alias]: observed.points,
      ...(observed.move?.elsewhere && { [observed.move.elsewhere]: observed.move.points }),
      ...(await countPoints(vectors, observed.collections)),
    },
  }
}

/** The same of a pipeline whose tenants are gone already. */
export async function forecastPipelineErasure(
  { database, vectors }: ProvisioningStores,
  { control, collections }: ObservedPipelineRemoval,
): Promise<ErasureForecast> {
  const readable = control.exists && control.applied !== null
  return {
    rows: 0,
    controlRows: readable ? await countRows(database, CONTROL_SCHEMA) : 0,
    points: await countPoints(vectors, collections),
  }
}

async function countPoints({ collections }: ProvisioningStores['vectors'], names: readonly string[]) {
  const counted = await Promise.all(names.map(async name => [name, (await collections.describe(name))?.points ?? 0] as const)) // prettier-ignore
  return Object.fromEntries(counted)
}
