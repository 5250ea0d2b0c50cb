import type { Knex } from 'knex'
import { CONTROL_SCHEMA, QUEUE_SCHEMA } from '../contract/names.ts'

/**
 * The turn that a tenant's next document gets, so that tenants are served in turns however many documents one of them has
 * waiting: as many turns after the one that is next as the tenant has documents waiting already. A tenant with a thousand has
 * taken the next thousand turns, one each; another one's first document comes at the second of them, and shares them from then on.
 * No tenant gets ahead by coming late: turns count on from the one that is next, and begin at 1 when nothing waits.
 *
 * In the queue a turn is a priority, the first one the highest. One index look-up and one count of the tenant's own rows.
 * @param sql a transaction of the API's own role
 */
export async function nextTurn(sql: Knex.Transaction, queue: string, tenantId: string): Promise<number> {
  const { rows } = await sql.raw<{ rows: { turn: string }[] }>(
    `SELECT (SELECT count(*) FROM ?? WHERE tenant_id = ? AND kind = 'ingest' AND status = 'queued') + 1
            -- jobs that wait for something that failed are not next
          + coalesce((SELECT -priority - 1 FROM ??
                       WHERE name = ? AND state < 'active' AND NOT blocked AND priority < 0 AND start_after <= now()
                       ORDER BY priority DESC LIMIT 1), 0) AS turn`,
    [`${CONTROL_SCHEMA}.jobs`, tenantId, `${QUEUE_SCHEMA}.job`, queue],
  )
  return Number(rows[0]?.turn ?? 1)
}
