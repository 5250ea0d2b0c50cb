import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'
import { type FoundSlice, type Keyset, type Slice, readSlice } from './keyset.ts'
import type { AuditRow, TenantRow } from './rows.ts'

function table(sql: Knex) {
  return sql<TenantRow>('tenants').withSchema(CONTROL_SCHEMA)
}

export async function findTenantBySlug(sql: Knex, slug: string): Promise<TenantRow | null> {
  return (await table(sql).where({ slug }).first()) ?? null
}

export async function findTenant(sql: Knex, id: string): Promise<TenantRow | null> {
  return (await table(sql).where({ id }).first()) ?? null
}

/** With whether it has ever been moved to another collection, which the table of moves tells more about. One read. */
export async function findTenantAndWhetherMoved(
  sql: Knex,
  slug: string,
): Promise<{ row: TenantRow; moved: boolean } | null> {
  const moved = sql.raw('EXISTS (SELECT FROM ?? m WHERE m.tenant_id = tenants.id) AS moved', [`${CONTROL_SCHEMA}.isolation_moves`]) // prettier-ignore
  const found = await table(sql).where({ slug }).first<(TenantRow & { moved: boolean }) | undefined>('*', moved)
  if (!found) return null
  const { moved: wasMoved, ...row } = found
  return { row, moved: wasMoved }
}

/** Ordered by slug. */
export async function listTenants(sql: Knex): Promise<TenantRow[]> {
  return table(sql).orderBy('slug')
}

/** Slugs by the names of their schemas. */
export async function slugsOfSchemas(sql: Knex): Promise<ReadonlyMap<string, string>> {
  const rows = await table(sql).select('schema_name', 'slug')
  return new Map(rows.map(row => [row.schema_name, row.slug]))
}

/** Other tenants that have their vectors in the same collection, in the order of the alphabet: those after `slug` first. */
export async function tenantsBeside(
  sql: Knex,
  { slug, collection }: Pick<TenantRow, 'slug' | 'collection'>,
  limit: number,
): Promise<Pick<TenantRow, 'id' | 'slug'>[]> {
  return table(sql)
    .where({ collection })
    .whereNot({ slug })
    .orderByRaw('slug < ?, slug', [slug])
    .limit(limit)
    .select('id', 'slug')
}

export async function numberOfTenants(sql: Knex): Promise<number> {
  const [row] = await table(sql).count<{ count: string }[]>('*')
  return Number(row?.count ?? 0)
}

export type NewTenant = Omit<TenantRow, 'id' | 'released_at' | 'created_at' | 'updated_at'> & {
  readonly id?: string
}

/** Gives the row of that slug, and whether it was there before: then nothing is written. */
export async function insertTenant(sql: Knex, tenant: NewTenant): Promise<{ row: TenantRow; existed: boolean }> {
  const [row] = await table(sql).insert(tenant).onConflict('slug').ignore().returning('*')
  if (row) return { row, existed: false }
  return { row: await table(sql).where({ slug: tenant.slug }).first().then(required), existed: true }
}

function required(row: TenantRow | undefined): TenantRow {
  if (!row) throw new Error('the tenant was deleted while it was being created; try again')
  return row
}

/** Gives null when there is no such tenant. */
export async function updateTenant(
  sql: Knex,
  id: string,
  changes: Partial<Omit<TenantRow, 'id' | 'slug' | 'schema_name' | 'created_at' | 'updated_at'>>,
): Promise<TenantRow | null> {
  const [row] = await table(sql)
    .where({ id })
    .update({ ...changes, updated_at: sql.fn.now() as never })
    .returning('*')
  return row ?? null
}

/** Which of these tenants this database has had and has no more. One that it never knew is another pipeline's. */
export async function goneTenants(sql: Knex, ids: readonly string[]): Promise<string[]> {
  const rows = await sql<AuditRow>('audit_log')
    .withSchema(CONTROL_SCHEMA)
    .whereIn('tenant_id', [...ids])
    .whereNotIn('tenant_id', table(sql).select('id'))
    .distinct('tenant_id')
  return rows.flatMap(({ tenant_id }) => tenant_id ?? [])
}

/** Tables of the control schema whose rows go with their tenant; the audit log stays. */
const DEPENDENT = ['api_keys', 'jobs', 'usage', 'isolation_moves'] as const

/** How many rows {@link deleteTenant} would delete. */
export async function countRowsOfTenant(sql: Knex, id: string): Promise<number> {
  const counts = await Promise.all(
    DEPENDENT.map(name =>
      sql(name).withSchema(CONTROL_SCHEMA).where({ tenant_id: id }).count<{ count: string }[]>('*'),
    ),
  )
  return counts.reduce((sum, [row]) => sum + Number(row?.count ?? 0), 1)
}

/** Tables of the control schema that still have something of a tenant. */
export async function rowsLeft(sql: Knex, id: string): Promise<string[]> {
  const left: string[] = []
  for (const [name, column] of [['tenants', 'id'] as const, ...DEPENDENT.map(one => [one, 'tenant_id'] as const)])
    if (await sql(name).withSchema(CONTROL_SCHEMA).where(column, id).first(sql.raw('1'))) left.push(`a row of ${name}`)
  return left
}

/**
 * Deletes the row and all that refers to it in the control schema (keys, jobs, usage); the audit log stays. Gives how
 * many rows that were.
 */
export async function deleteTenant(sql: Knex, id: string): Promise<number> {
  let rows = 0
  for (const dependent of DEPENDENT)
    rows += await sql(dependent).withSchema(CONTROL_SCHEMA).where({ tenant_id: id }).delete()
  return rows + (await table(sql).where({ id }).delete())
}

/** Of pages of {@link listTenants}. */
export const tenantOrder: Keyset = { list: 'tenants', columns: { slug: 'text' }, direction: 'asc' }

export async function pageOfTenants(sql: Knex, slice: Slice): Promise<FoundSlice<TenantRow>> {
  return readSlice<TenantRow>(sql, () => table(sql), tenantOrder, slice)
}

/**
 * Nobody else changes the row, or counts against its quotas, until the transaction ends. Workers may still add jobs: their
 * foreign key asks for less.
 */
export async function lockTenant(sql: Knex.Transaction, id: string): Promise<TenantRow | null> {
  return (await table(sql).where({ id }).forNoKeyUpdate().first()) ?? null
}
