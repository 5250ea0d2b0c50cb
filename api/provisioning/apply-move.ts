import { setTimeout as delay } from 'node:timers/promises'
import { beginMove, cancelMove } from '../stores/postgres/isolation-moves.ts'
import { onTenant } from './apply-tenant.ts'
import { auditStep } from './audit.ts'
import type { StepOf } from './steps.ts'
import { type ApplyContext, type ProvisioningStores, Unfinished } from './stores.ts'

/** Has a worker move the tenant's points (moving/mover.ts). One that is under way already is left alone. */
export async function startMove(
  { database }: ProvisioningStores,
  { kind, slug, from, to }: StepOf<'begin-move'>,
  context: ApplyContext,
): Promise<void> {
  await onTenant(database, slug, async (sql, row) => {
    const request_id = context.actor.requestId ?? null
    if (!(await beginMove(sql, { tenant_id: row.id, source: from, target: to, request_id }))) return
    await auditStep(sql, context, { action: kind, target: slug, tenantId: row.id, detail: { from, to } })
  })
}

const PATIENCE_MS = 10_000

/**
 * Stops a move, so that nothing is written where everything is about to be deleted.
 * @throws Unfinished while the worker that was at it may still write a page
 */
export async function stopMove(
  { database }: ProvisioningStores,
  { kind, slug, id }: StepOf<'cancel-move'>,
  context: ApplyContext,
): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS
  while (!(await cancelMove(database, id))) {
    if (Date.now() > deadline) throw new Unfinished(`a worker is still at the move of tenant ${slug}; try again in a moment`) // prettier-ignore
    await delay(100)
  }
  await auditStep(database, context, { action: kind, target: slug, tenantId: id })
}
