import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'
import type { ApiKeyRow } from './rows.ts'

function table(sql: Knex) {
  return sql<ApiKeyRow>('api_keys').withSchema(CONTROL_SCHEMA)
}

/** The tenant's keys that its resource declares and that are not revoked (they may have expired), newest first. */
export async function declaredKeys(sql: Knex, tenantId: string): Promise<ApiKeyRow[]> {
  return table(sql)
    .where({ tenant_id: tenantId, managed_by: 'resource', revoked_at: null })
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
}

/** Whatever their state, and whoever's they are. */
export async function findKeysByHash(sql: Knex, hashes: readonly string[]): Promise<ApiKeyRow[]> {
  return hashes.length === 0 ? [] : table(sql).whereIn('hash', [...hashes])
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
