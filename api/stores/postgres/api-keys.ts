import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'
import { type FoundSlice, type Keyset, type Slice, readSlice } from './keyset.ts'
import type { ApiKeyRow, TenantRow } from './rows.ts'

function table(sql: Knex) {
  return sql<ApiKeyRow>('api_keys').withSchema(CONTROL_SCHEMA)
}

const DECLARED = { managed_by: 'resource', revoked_at: null } as const

export interface ObservedKeys {
  /** The tenant's keys that its resource declares and that are not revoked (they may have expired), newest first. */
  readonly declared: readonly ApiKeyRow[]
  /** Those with one of the hashes, whatever their state, and whoever's they are. */
  readonly hashed: readonly ApiKeyRow[]
}

/** @param tenantId null: there is no such tenant (yet). One read. */
export async function observeKeys(
  sql: Knex,
  tenantId: string | null,
  hashes: readonly string[],
): Promise<ObservedKeys> {
  if (tenantId === null && hashes.length === 0) return { declared: [], hashed: [] }
  const rows = await table(sql)
    .where(own => void own.whereIn('tenant_id', tenantId === null ? [] : [tenantId]).where(DECLARED))
    .orWhereIn('hash', [...hashes])
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
  const isDeclared = (key: ApiKeyRow) => key.tenant_id === tenantId && key.managed_by === 'resource' && !key.revoked_at
  return { declared: rows.filter(isDeclared), hashed: rows.filter(({ hash }) => hashes.includes(hash)) }
}

export type NewApiKey = Pick<ApiKeyRow, 'tenant_id' | 'name' | 'prefix' | 'hash' | 'role' | 'managed_by'> &
  Partial<Pick<ApiKeyRow, 'id' | 'scope_kb_ids' | 'rate_limit_per_minute' | 'expires_at' | 'created_at'>>

/** @throws the database's unique violation when another key has the same hash */
export async function insertKey(sql: Knex, key: NewApiKey): Promise<ApiKeyRow> {
  const [row] = await table(sql).insert(key).returning('*')
  if (!row) throw new Error('the database gave no row for the new key')
  return row
}

export async function updateKey(
  sql: Knex,
  id: string,
  changes: Partial<Pick<ApiKeyRow, 'name' | 'role' | 'scope_kb_ids' | 'rate_limit_per_minute' | 'expires_at'>>,
): Promise<void> {
  await table(sql).where({ id }).update(changes)
}

/** Lets keys work until `at`; one that ends earlier anyway is left alone. */
export async function expireKeys(sql: Knex, ids: readonly string[], at: Date): Promise<void> {
  await table(sql)
    .whereIn('id', [...ids])
    .where(later => void later.whereNull('expires_at').orWhere('expires_at', '>', at))
    .update({ expires_at: at })
}

/** From `at` on they do not work; the time of an earlier revocation stays. */
export async function revokeKeys(sql: Knex, ids: readonly string[], at: Date): Promise<void> {
  await table(sql)
    .whereIn('id', [...ids])
    .whereNull('revoked_at')
    .update({ revoked_at: at })
}

/** A key and its tenant, as authentication needs them. */
export interface KeyWithTenant {
  readonly key: ApiKeyRow
  readonly tenant: Pick<TenantRow, 'id' | 'slug' | 'collection' | 'status' | 'quotas'>
}

/** By the hash of the secret, whatever the key's state. One read. */
export async function findKeyWithTenant(sql: Knex, hash: string): Promise<KeyWithTenant | null> {
  const row = await sql('api_keys as k')
    .withSchema(CONTROL_SCHEMA)
    .join('tenants as t', 't.id', 'k.tenant_id')
    .where('k.hash', hash)
    .first<KeyWithTenant | undefined>(sql.raw('to_jsonb(k) AS key, to_jsonb(t) AS tenant'))
  // to_jsonb gives times as text.
  return row ? { tenant: row.tenant, key: { ...row.key, ...times(row.key) } } : null
}

function times(key: ApiKeyRow): Pick<ApiKeyRow, 'expires_at' | 'revoked_at' | 'last_used_at' | 'created_at'> {
  const date = (text: Date | null) => (text === null ? null : new Date(text))
  return {
    expires_at: date(key.expires_at),
    revoked_at: date(key.revoked_at),
    last_used_at: date(key.last_used_at),
    created_at: new Date(key.created_at),
  }
}

/** Keys of one tenant; with `within`, only those that reach no more than these knowledge bases. */
export interface KeyFilter {
  readonly tenantId: string
  readonly within: 'all' | readonly string[]
}

function visible(sql: Knex, { tenantId, within }: KeyFilter) {
  const keys = table(sql).where({ tenant_id: tenantId })
  return within === 'all' ? keys : keys.whereRaw('scope_kb_ids <@ ?::uuid[]', [[...within]])
}

/** Newest first. */
export const keyOrder: Keyset = { list: 'api-keys', columns: { created_at: 'time', id: 'uuid' }, direction: 'desc' }

export async function listKeys(sql: Knex, filter: KeyFilter, slice: Slice): Promise<FoundSlice<ApiKeyRow>> {
  return readSlice<ApiKeyRow>(sql, () => visible(sql, filter), keyOrder, slice)
}

/** Null when there is none, or when the filter does not reach it. */
export async function findKey(sql: Knex, filter: KeyFilter, id: string): Promise<ApiKeyRow | null> {
  return (await visible(sql, filter).where({ id }).first()) ?? null
}

export async function deleteKey(sql: Knex, id: string): Promise<void> {
  await table(sql).where({ id }).delete()
}

export async function touchKey(sql: Knex, id: string, at: Date): Promise<void> {
  await table(sql).where({ id }).update({ last_used_at: at })
}
