import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'
import type { Owner } from '../../contract/ownership.ts'
import { type FoundSlice, type Keyset, type Slice, readSlice } from './keyset.ts'
import type { AuditRow } from './rows.ts'

export type AuditEntry = Pick<AuditRow, 'actor_type' | 'action' | 'outcome'> &
  Partial<Pick<AuditRow, 'actor' | 'tenant_id' | 'target' | 'request_id' | 'detail'>>

/** Adds a row; with the transaction of the change it tells about, so that both stand or fall together. */
export async function recordAudit(sql: Knex, entry: AuditEntry): Promise<void> {
  await sql<AuditRow>('audit_log').withSchema(CONTROL_SCHEMA).insert(entry)
}

/** Deletes at most `limit` rows that are older; gives how many those were. */
export async function deleteAuditBefore(sql: Knex, before: Date, limit: number): Promise<number> {
  const rows = () => sql<AuditRow>('audit_log').withSchema(CONTROL_SCHEMA)
  return rows().whereIn('id', rows().where('at', '<', before).orderBy('at').limit(limit).select('id')).delete() // prettier-ignore
}

export interface AuditFilter {
  readonly tenantId?: string | undefined
  readonly action?: string | undefined
  readonly outcome?: AuditRow['outcome'] | undefined
  readonly actor?: string | undefined
  readonly requestId?: string | undefined
  /** Inclusive. */
  readonly since?: Date | undefined
  /** Exclusive. */
  readonly until?: Date | undefined
}

function matching(sql: Knex, filter: AuditFilter) {
  const rows = sql<AuditRow>('audit_log').withSchema(CONTROL_SCHEMA)
  const { tenantId, action, outcome, actor, requestId, since, until } = filter
  if (tenantId !== undefined) rows.where({ tenant_id: tenantId })
  if (action !== undefined) rows.where({ action })
  if (outcome !== undefined) rows.where({ outcome })
  if (actor !== undefined) rows.where({ actor })
  if (requestId !== undefined) rows.where({ request_id: requestId })
  if (since !== undefined) rows.where('at', '>=', since)
  if (until !== undefined) rows.where('at', '<', until)
  return rows
}

/** Newest first. */
export const auditOrder: Keyset = { list: 'audit-logs', columns: { id: 'bigint' }, direction: 'desc' }

export async function listAudit(sql: Knex, filter: AuditFilter, slice: Slice): Promise<FoundSlice<AuditRow>> {
  return readSlice<AuditRow>(sql, () => matching(sql, filter), auditOrder, slice)
}

/** A tenant's entries of some kinds, oldest first. */
export async function auditOf(sql: Knex, tenantId: string, actions: readonly string[]): Promise<AuditRow[]> {
  return sql<AuditRow>('audit_log')
    .withSchema(CONTROL_SCHEMA)
    .where({ tenant_id: tenantId })
    .whereIn('action', [...actions])
    .orderBy('id')
}

/** The newest entry of that kind whose detail names this owner; null when there is none. */
export async function newestOfOwner(sql: Knex, action: string, owner: Owner): Promise<AuditRow | null> {
  const row = await sql<AuditRow>('audit_log')
    .withSchema(CONTROL_SCHEMA)
    .where({ action })
    .whereRaw(`detail -> 'owner' ->> 'cluster' = ? AND detail -> 'owner' ->> 'uid' = ?`, [owner.cluster, owner.uid])
    .orderBy('id', 'desc')
    .first()
  return row ?? null
}
