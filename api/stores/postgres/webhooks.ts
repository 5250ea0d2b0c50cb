import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'
import { type FoundSlice, type Keyset, type Slice, readSlice } from './keyset.ts'
import type { WebhookEvent } from '../../contract/webhook-events.ts'

export interface WebhookRow {
  readonly id: string
  readonly tenant_id: string
  readonly url: string
  readonly description: string
  readonly events: WebhookEvent[]
  readonly secret: string
  readonly enabled: boolean
  readonly disabled_reason: string | null
  readonly created_at: Date
  readonly updated_at: Date
}

export type WebhookFields = Pick<WebhookRow, 'url' | 'description' | 'events' | 'enabled'>

/** Webhooks stand in the control schema, so every query names the tenant. */
function table(sql: Knex, tenantId: string) {
  return sql<WebhookRow>('webhooks').withSchema(CONTROL_SCHEMA).where({ tenant_id: tenantId })
}

export async function insertWebhook(
  sql: Knex,
  row: WebhookFields & Pick<WebhookRow, 'tenant_id' | 'secret'>,
): Promise<WebhookRow> {
  const [created] = await sql<WebhookRow>('webhooks').withSchema(CONTROL_SCHEMA).insert(row).returning('*')
  if (!created) throw new Error('a webhook was not inserted')
  return created
}

export async function findWebhook(sql: Knex, tenantId: string, id: string): Promise<WebhookRow | null> {
  return (await table(sql, tenantId).where({ id }).first()) ?? null
}

/** Oldest first. */
export const webhookOrder: Keyset = { list: 'webhooks', columns: { created_at: 'time', id: 'uuid' }, direction: 'asc' }

export async function pageWebhooks(sql: Knex, tenantId: string, slice: Slice): Promise<FoundSlice<WebhookRow>> {
  return readSlice<WebhookRow>(sql, () => table(sql, tenantId), webhookOrder, slice)
}

/** Locks the tenant's webhooks together with `lockTenant`; how many there are. */
export async function countWebhooks(sql: Knex, tenantId: string): Promise<number> {
  const [counted] = await table(sql, tenantId).count<{ count: string }[]>('*')
  return Number(counted?.count ?? 0)
}

/** Null when there is none. Switching it on also forgets why it was off. */
export async function changeWebhook(
  sql: Knex,
  tenantId: string,
  id: string,
  changes: Partial<WebhookFields & Pick<WebhookRow, 'secret'>>,
): Promise<WebhookRow | null> {
  const [row] = await table(sql, tenantId)
    .where({ id })
    .update({ ...changes, ...(changes.enabled && { disabled_reason: null }), updated_at: sql.fn.now() as never })
    .returning('*')
  return row ?? null
}

/** With what it was to be told. Whether there was one. */
export async function deleteWebhook(sql: Knex, tenantId: string, id: string): Promise<boolean> {
  return (await table(sql, tenantId).where({ id }).delete()) > 0
}
