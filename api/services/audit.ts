import type { Knex } from 'knex'
import { type AuditEntry, type AuditFilter, listAudit, recordAudit } from '../stores/postgres/audit-log.ts'
import type { AuditRow } from '../stores/postgres/rows.ts'
import type { Caller, Request } from './caller.ts'
import type { Page, PageRequest } from './page.ts'

/** What was done to what. */
export interface Change {
  /** `create-knowledge-base` */
  readonly action: string
  /** Id or name of what was changed. */
  readonly target: string
  readonly tenantId?: string
  readonly detail?: Readonly<Record<string, unknown>>
}

/**
 * Records a change that is being made, with who asked for it; in the change's own transaction, so that neither is there
 * without the other.
 * @param sql on the control schema, as the product's role
 */
export async function auditChange(sql: Knex, request: Request, change: Change): Promise<void> {
  await recordAudit(sql, {
    ...actorOf(request.caller),
    ...(change.tenantId !== undefined && { tenant_id: change.tenantId }),
    action: change.action,
    target: change.target,
    outcome: 'success',
    request_id: request.requestId,
    detail: { ...change.detail },
  })
}

export function actorOf(caller: Caller): Pick<AuditEntry, 'actor_type' | 'actor' | 'tenant_id'> {
  if (caller.type !== 'api-key') return { actor_type: caller.type, actor: null }
  return { actor_type: 'api-key', actor: caller.prefix, tenant_id: caller.tenantId }
}

/** Reads the audit log. */
export class AuditService {
  readonly #database: Knex

  constructor(database: Knex) {
    this.#database = database
  }

  /** Newest first. */
  async list(filter: AuditFilter, page: PageRequest): Promise<Page<AuditRow>> {
    return listAudit(this.#database, filter, page)
  }
}
