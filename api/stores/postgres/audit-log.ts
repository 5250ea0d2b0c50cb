import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'
import type { AuditRow } from './rows.ts'

export type AuditEntry = Pick<AuditRow, 'actor_type' | 'action' | 'outcome'> &
  Partial<Pick<AuditRow, 'actor' | 'tenant_id' | 'target' | 'request_id' | 'detail'>>

/** Adds a row; with the transaction of the change it tells about, so that both stand or fall together. */
export async function recordAudit(sql: Knex, entry: AuditEntry): Promise<void> {
  await sql<AuditRow>('audit_log').withSchema(CONTROL_SCHEMA).insert(entry)
}
