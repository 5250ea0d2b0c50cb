import type { Knex } from 'knex'
import { recordAudit } from '../stores/postgres/audit-log.ts'
import type { ApplyContext } from './stores.ts'
import type { StepKind } from './steps.ts'

export interface Change {
  /** Beside the steps: points that are about to be deleted, what a deletion comes to, and how a move went on. */
  readonly action: StepKind | 'count-points' | 'erasure-receipt' | 'switch-collection' | 'clear-source'
  /** What was changed: a slug, `acme/handbook`, a collection. */
  readonly target: string
  readonly tenantId?: string | null
  readonly detail?: Readonly<Record<string, unknown>>
}

/** Records a step that was carried out; in the transaction of the change where there is one. */
export async function auditStep(sql: Knex, { actor }: Pick<ApplyContext, 'actor'>, change: Change): Promise<void> {
  await recordAudit(sql, {
    actor_type: actor.type,
    actor: actor.name,
    action: change.action,
    target: change.target,
    outcome: 'success',
    tenant_id: change.tenantId ?? null,
    request_id: actor.requestId ?? null,
    detail: { ...change.detail },
  })
}
