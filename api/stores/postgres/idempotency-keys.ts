import type { IdempotencyKeyRow } from './rows.ts'
import type { TenantTransaction } from './tenant-scope.ts'

type Tenant = Pick<TenantTransaction, 'sql'>

const KEPT = `interval '24 hours'`

/**
 * Takes a key for one request. A second request with it waits here for the first one's transaction; then it is given the
 * first one's row. Null: the key is this request's, and its response must be written before the transaction ends.
 */
export async function takeKey({ sql }: Tenant, key: string, requestHash: string): Promise<IdempotencyKeyRow | null> {
  const { rows } = await sql.raw<{ rows: unknown[] }>(
    `INSERT INTO idempotency_keys (key, request_hash, response) VALUES (?, ?, '{}')
     ON CONFLICT (key) DO UPDATE SET request_hash = excluded.request_hash, response = '{}', created_at = now()
       WHERE idempotency_keys.created_at < now() - ${KEPT}
     RETURNING key`,
    [key, requestHash],
  )
  if (rows.length > 0) return null
  const row = await sql<IdempotencyKeyRow>('idempotency_keys').where({ key }).first()
  if (!row) throw new Error('an idempotency key vanished while it was being read; try again')
  return row
}

export async function writeResponse({ sql }: Tenant, key: string, response: object): Promise<void> {
  await sql<IdempotencyKeyRow>('idempotency_keys')
    .where({ key })
    .update({ response: JSON.stringify(response) as never })
}

export async function deleteExpiredKeys({ sql }: Tenant): Promise<void> {
  await sql('idempotency_keys').whereRaw(`created_at < now() - ${KEPT}`).delete()
}
