import { type KeyVault } from '../../api/provisioning/desired.ts'
import { type Drift } from '../../api/provisioning/steps.ts'
import { type ApplyContext } from '../../api/provisioning/stores.ts'
import { patchStatus } from '../apply/status.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { describeFailure } from '../plan/describe-failure.ts'
import { fails, holds } from '../plan/findings.ts'
import { withoutPlan } from '../plan/plan-status.ts'
import { newDrift } from '../plan/status-drift.ts'
import { isPassing, type StoreFault } from '../plan/store-fault.ts'
import { changedFindings, type Finding, setConditions } from '../runtime/conditions.ts'
import { type ReconcileResult, RetryLater } from '../runtime/controller.ts'
import { cut, listed } from '../runtime/cut.ts'
import { isConflict } from '../runtime/kubernetes-error.ts'
import { objectKey, type ResourceType } from '../runtime/kubernetes-object.ts'
import { LeadershipLost } from '../runtime/leader-election.ts'
import { type OperatorContext, SLOW_RETRY_MS } from './context.ts'

type Resource = Pipeline | Tenant

/** Writes the status and tells what changed: the one write at the end of a run, and none when nothing changed. */
export async function conclude(
  context: OperatorContext,
  type: ResourceType,
  resource: Resource,
  findings: readonly Finding[],
  status: object,
): Promise<void> {
  await patchStatus(context.client, type, resource, status)
  for (const finding of changedFindings(resource.status?.conditions ?? [], findings)) tell(context, resource, finding)
}

/** `Ready` either way, and every other condition when something is wrong with it; the rest is noise. */
function tell({ events }: OperatorContext, resource: Resource, { type, status, reason, message }: Finding): void {
  if (type === 'Ready' && status === 'True')
    return events.record(resource, { type: 'Normal', reason: 'Ready', action: 'Reconcile', note: message })
  if (type === 'Progressing' || status !== (type === 'Degraded' ? 'True' : 'False')) return
  events.record(resource, { type: 'Warning', reason, action: 'Reconcile', note: `${type}: ${message}` })
}

export function tellDrift(
  { events }: OperatorContext,
  resource: Resource,
  repaired: readonly Drift[],
  told: readonly Drift[],
): void {
  for (const note of describeDrift(repaired))
    events.record(resource, { type: 'Normal', reason: 'DriftRepaired', action: 'Repair', note })
  for (const note of describeDrift(newDrift(resource.status?.drift, told)))
    events.record(resource, { type: 'Warning', reason: 'DriftFound', action: 'Reconcile', note })
}

/** One line an object: somebody who replaces a whole Deployment has changed dozens of fields. */
function describeDrift(drift: readonly Drift[]): string[] {
  const byObject = Map.groupBy(drift, ({ object }) => object)
  return [...byObject].map(([object, differences]) => {
    const told = differences.map(({ field, wanted, found }) => `${field} was ${cut(found, 80)}, wanted ${cut(wanted, 80)}`) // prettier-ignore
    return `${object}: ${listed(told, 6)}`
  })
}

/** When to look again, after the status has been written. @throws RetryLater when the key should come back by backoff */
export function nextLook(context: OperatorContext, fault: StoreFault | null, dueMs = Infinity): ReconcileResult {
  if (fault && isPassing(fault)) throw new RetryLater(fault.message, fault.retryAfterMs)
  const look = fault ? SLOW_RETRY_MS : context.resyncMs()
  return { requeueAfterMs: Math.max(0, Math.min(look, dueMs)) }
}

/** A suspended resource is left as it is; only this is told, and why. */
export async function suspend(
  context: OperatorContext,
  type: ResourceType,
  resource: Resource,
  message: string,
): Promise<ReconcileResult> {
  const findings = [fails('Progressing', 'Suspended', message)]
  const before = withoutPlan(resource.status ?? {})
  const conditions = setConditions(before.conditions ?? [], findings, resource.metadata.generation, context.now())
  await conclude(context, type, resource, findings, { ...before, conditions })
  return {}
}

/** Runs `work`; an error that it has no words for is told in the status as well, so that nobody has to read logs. */
export async function tellingFailures(
  context: OperatorContext,
  type: ResourceType,
  resource: Resource,
  work: () => Promise<ReconcileResult>,
): Promise<ReconcileResult> {
  try {
    return await work()
  } catch (error) {
    const ownAffair = error instanceof RetryLater || error instanceof LeadershipLost || isConflict(error)
    if (!ownAffair)
      await tellFailure(context, type, resource, error).catch(unwritten => tellUnwritten(context, resource, unwritten))
    throw error
  }
}

async function tellFailure(
  context: OperatorContext,
  type: ResourceType,
  resource: Resource,
  error: unknown,
): Promise<void> {
  const { reason, message } = describeFailure(error)
  const findings = [
    fails('Ready', reason, message),
    holds('Progressing', 'Retrying', 'the last attempt failed; it is tried again'),
    holds('Degraded', reason, message),
  ]
  const before = resource.status ?? {}
  const conditions = setConditions(before.conditions ?? [], findings, resource.metadata.generation, context.now())
  await conclude(context, type, resource, findings, { ...before, conditions })
}

/** An object that has grown too large takes no status any more; an Event is an object of its own. */
function tellUnwritten({ events }: OperatorContext, resource: Resource, error: unknown): void {
  if (error instanceof LeadershipLost) return
  const note = `the status could not be written: ${error instanceof Error ? error.message : String(error)}`
  events.record(resource, { type: 'Warning', reason: 'StatusNotWritten', action: 'Reconcile', note })
}

/** On whose behalf steps are carried out, as the audit log has it. */
export function applyContext(context: OperatorContext, resource: Resource, vault: KeyVault): ApplyContext {
  const name = `${resource.kind}/${objectKey(resource.metadata)}`
  return { vault, now: context.now, actor: { type: 'operator', name } }
}
