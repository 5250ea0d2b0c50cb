import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'
import type { WebhookEvent } from '../../contract/webhook-events.ts'
import { type FoundSlice, type Keyset, type Slice, readSlice } from './keyset.ts'
import type { WebhookRow } from './webhooks.ts'

export interface WebhookDeliveryRow {
  readonly id: string
  readonly webhook_id: string
  readonly event: WebhookEvent | 'webhook.test'
  readonly payload: Record<string, unknown>
  readonly status: 'pending' | 'delivered' | 'dead'
  readonly attempts: number
  readonly next_attempt_at: Date
  readonly response_status: number | null
  readonly error: string | null
  readonly created_at: Date
  readonly finished_at: Date | null
}

function table(sql: Knex) {
  return sql<WebhookDeliveryRow>('webhook_deliveries').withSchema(CONTROL_SCHEMA)
}

/** A delivery that is to be tried now. */
export type DueDelivery = Pick<WebhookDeliveryRow, 'id' | 'webhook_id' | 'payload' | 'attempts'> &
  Pick<WebhookRow, 'url' | 'secret'>

/**
 * Puts into the outbox what the end of a job means, for each webhook that wants to know. `ended` is a query that gives the
 * job's row once, when it ends: an UPDATE … RETURNING, so that both are one statement.
 */
export function announcing(sql: Knex, ended: Knex.QueryBuilder): Knex.Raw {
  return sql.raw(
    `WITH ended AS (?), told AS (
       SELECT 'job.' || status AS event, * FROM ended WHERE kind NOT IN ('calibrate', 'summarize')
       UNION ALL SELECT 'document.ready', * FROM ended WHERE kind = 'ingest' AND status = 'succeeded'
       UNION ALL SELECT 'document.failed', * FROM ended WHERE kind = 'ingest' AND status = 'failed'
       UNION ALL SELECT 'document.deleted', * FROM ended WHERE kind = 'delete-document' AND status = 'succeeded')
     INSERT INTO ??.webhook_deliveries (webhook_id, event, payload)
     SELECT w.id, t.event, jsonb_build_object(
       'type', t.event,
       'timestamp', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
       'data', jsonb_build_object(
         'job_id', t.id, 'kind', t.kind, 'status', t.status, 'knowledge_base_id', t.kb_id, 'document_id', t.document_id,
         'error', t.error - 'transient'))
     FROM told t JOIN ??.webhooks w ON w.tenant_id = t.tenant_id AND w.enabled AND t.event = ANY (w.events)`,
    [ended, CONTROL_SCHEMA, CONTROL_SCHEMA],
  )
}

export async function insertTestDelivery(sql: Knex, webhookId: string, at: Date): Promise<WebhookDeliveryRow> {
  const payload = { type: 'webhook.test', timestamp: at.toISOString(), data: { webhook_id: webhookId } }
  const [row] = await table(sql)
    .insert({ webhook_id: webhookId, event: 'webhook.test', payload: JSON.stringify(payload) as never })
    .returning('*')
  if (!row) throw new Error('a delivery was not inserted')
  return row
}

/** Newest first. */
export const deliveryOrder: Keyset = { list: 'deliveries', columns: { created_at: 'time', id: 'uuid' }, direction: 'desc' } // prettier-ignore

export async function pageDeliveries(
  sql: Knex,
  webhookId: string,
  slice: Slice,
): Promise<FoundSlice<WebhookDeliveryRow>> {
  return readSlice<WebhookDeliveryRow>(sql, () => table(sql).where({ webhook_id: webhookId }), deliveryOrder, slice)
}

/** Takes what is due, oldest first, and leaves it alone for `leaseSeconds`: a worker that dies loses nothing. */
export async function takeDue(sql: Knex, limit: number, leaseSeconds: number): Promise<DueDelivery[]> {
  const { rows } = await sql.raw<{ rows: DueDelivery[] }>(
    `UPDATE ??.webhook_deliveries d
     SET attempts = d.attempts + 1, next_attempt_at = now() + ? * interval '1 second'
     FROM ??.webhooks w
     WHERE w.id = d.webhook_id AND d.id IN (
       SELECT due.id FROM ??.webhook_deliveries due JOIN ??.webhooks of ON of.id = due.webhook_id AND of.enabled
       WHERE due.status = 'pending' AND due.next_attempt_at <= now()
       ORDER BY due.next_attempt_at LIMIT ? FOR UPDATE OF due SKIP LOCKED)
     RETURNING d.id, d.webhook_id, d.payload, d.attempts, w.url, w.secret`,
    [CONTROL_SCHEMA, leaseSeconds, CONTROL_SCHEMA, CONTROL_SCHEMA, CONTROL_SCHEMA, limit],
  )
  return rows
}

export interface DeliveryOutcome {
  readonly status: WebhookDeliveryRow['status']
  /** When it is tried again, while `pending`. */
  readonly delaySeconds: number
  readonly responseStatus: number | null
  readonly error: string | null
}

export async function recordAttempt(sql: Knex, id: string, outcome: DeliveryOutcome): Promise<void> {
  const { status, delaySeconds, responseStatus, error } = outcome
  await table(sql)
    .where({ id, status: 'pending' })
    .update({
      status,
      response_status: responseStatus,
      error,
      next_attempt_at: sql.raw("now() + ? * interval '1 second'", [delaySeconds]) as never,
      ...(status !== 'pending' && { finished_at: sql.fn.now() as never }),
    })
}

/** Gets nothing more; what waits for it is given up. */
export async function disableWebhook(sql: Knex, webhookId: string, reason: string): Promise<void> {
  await sql('webhooks')
    .withSchema(CONTROL_SCHEMA)
    .where({ id: webhookId })
    .update({ enabled: false, disabled_reason: reason, updated_at: sql.fn.now() })
  await table(sql)
    .where({ webhook_id: webhookId, status: 'pending' })
    .update({ status: 'dead', error: reason, finished_at: sql.fn.now() as never })
}

/** What ended before then is of no more interest. */
export async function forgetDeliveries(sql: Knex, before: Date): Promise<void> {
  await table(sql).whereNot({ status: 'pending' }).where('finished_at', '<', before).delete()
}
