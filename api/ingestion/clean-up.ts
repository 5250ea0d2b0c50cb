import type { Knex } from 'knex'
import type { Logger } from 'pino'
import { deleteAuditBefore, recordAudit } from '../stores/postgres/audit-log.ts'
import { eachTenant } from '../stores/postgres/each-tenant.ts'
import { deleteExpiredKeys } from '../stores/postgres/idempotency-keys.ts'
import { forgetDeletions } from '../stores/postgres/jobs.ts'
import type { TenantRow } from '../stores/postgres/rows.ts'
import { TenantScope, inTenant } from '../stores/postgres/tenant-scope.ts'
import { forgetDeliveries } from '../stores/postgres/webhook-deliveries.ts'

export interface CleanUpParts {
  readonly database: Knex
  readonly auditRetentionDays: number
  readonly now: () => Date
  readonly log: Logger
}

/** Rows of one statement, so that none holds locks or makes the log of Postgres grow for long. */
const BATCH = 5_000
const DAY_MS = 86_400_000
/** For so long people may want to know what became of a webhook's message, or of a deletion. */
const KEEP_DAYS = 7

/** Removes what has been kept for long enough. Harmless when it is run twice, or cut off. */
export async function cleanUp(parts: CleanUpParts, signal: AbortSignal): Promise<void> {
  const { database, now } = parts
  const before = new Date(now().getTime() - KEEP_DAYS * DAY_MS)
  await forgetDeliveries(database, before)
  await forgetDeletions(database, before)
  await cleanAuditLog(parts, signal)
  await expireIdempotencyKeys(parts, signal)
}

/**
 * Tenants that add documents lose theirs on the way (calibrate.ts); these are those of the others. A tenant that is not
 * whole just now keeps its keys until the next night, and stops nobody else's.
 */
async function expireIdempotencyKeys({ database, log }: CleanUpParts, signal: AbortSignal): Promise<void> {
  const expire = (tenant: TenantRow) => inTenant(database, new TenantScope(tenant), deleteExpiredKeys)
  for (const { id, tenant, cause } of await eachTenant(database, expire, signal))
    log.warn({ tenant_id: id, tenant, err: cause }, "the tenant's old idempotency keys could not be removed")
}

async function cleanAuditLog(parts: CleanUpParts, signal: AbortSignal): Promise<void> {
  const { database, auditRetentionDays, now, log } = parts
  const before = new Date(now().getTime() - auditRetentionDays * DAY_MS)
  let rows = 0
  for (let deleted = BATCH; deleted === BATCH; rows += deleted) {
    signal.throwIfAborted()
    deleted = await deleteAuditBefore(database, before, BATCH)
  }
  if (rows === 0) return
  const detail = { rows, before: before.toISOString() }
  await recordAudit(database, { actor_type: 'system', action: 'clean-audit-log', target: 'audit_log', outcome: 'success', detail }) // prettier-ignore
  log.info({ rows, before: detail.before }, 'old rows of the audit log were removed')
}
