import type { Knex } from 'knex'
import type { Logger } from 'pino'
import { deleteAuditBefore, recordAudit } from '../stores/postgres/audit-log.ts'

export interface CleanUpParts {
  readonly database: Knex
  readonly auditRetentionDays: number
  readonly now: () => Date
  readonly log: Logger
}

/** Rows of one statement, so that none holds locks or makes the log of Postgres grow for long. */
const BATCH = 5_000
const DAY_MS = 86_400_000

/** Removes what has been kept for long enough. Harmless when it is run twice, or cut off. */
export async function cleanUp(parts: CleanUpParts, signal: AbortSignal): Promise<void> {
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
