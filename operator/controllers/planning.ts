import { patchStatus } from '../apply/status.ts'
import { types } from '../observe/resource-types.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { type MissingSecret } from '../observe/secrets.ts'
import { describe } from '../plan/missing-secrets.ts'
import { type Forecast, type PlanReport } from '../plan/plan-report.ts'
import { planFindings, statusPlan } from '../plan/plan-status.ts'
import { type StoreFault } from '../plan/store-fault.ts'
import { setConditions } from '../runtime/conditions.ts'
import { type ReconcileResult } from '../runtime/controller.ts'
import { hasFinalizer } from '../runtime/finalizer.ts'
import { type KubernetesObject } from '../runtime/kubernetes-object.ts'
import { nextLook } from './conclusion.ts'
import { type OperatorContext } from './context.ts'

/** Part of a plan. */
export interface Planned {
  readonly changes: readonly Forecast[]
  readonly notes: readonly string[]
  readonly fault?: StoreFault
}

/** Writes a plan into the status, and nothing anywhere else: no Event either. */
export async function concludePlan(
  context: OperatorContext,
  resource: Pipeline | Tenant,
  report: PlanReport,
  fault: StoreFault | null,
): Promise<ReconcileResult> {
  const before = resource.status ?? {}
  const { generation } = resource.metadata
  const plan = statusPlan(before.plan, report, generation, context.now())
  const findings = planFindings(resource, plan, context.dryRun)
  const conditions = setConditions(before.conditions ?? [], findings, generation, context.now())
  const type = resource.kind === 'RagPipeline' ? types.pipelines : types.tenants
  await patchStatus(context.client, type, resource, { ...before, conditions, plan })
  return nextLook(context, fault)
}

/** Runs `work`; a store that cannot be used is told instead of thrown. */
export async function unlessFaulty<T extends Planned>(
  context: OperatorContext,
  work: () => Promise<T>,
): Promise<T | Planned> {
  try {
    return await work()
  } catch (error) {
    const fault = context.faultOf(error)
    if (!fault) throw error
    return { changes: [], notes: [`${fault.reason}: ${fault.message}; what the stores need cannot be planned`], fault }
  }
}

export function noteMissing(namespace: string, missing: readonly MissingSecret[]): string[] {
  return missing.map(secret => `SecretMissing: ${describe(namespace, secret)}`)
}

/** The first thing that would be written. */
export function finalizerAdded(resource: KubernetesObject, finalizer: string): Forecast[] {
  return hasFinalizer(resource, finalizer) ? [] : [finalizerChange(resource, `adds the finalizer ${finalizer}`)]
}

/** The last thing that would be written about a resource that is being deleted. */
export function finalizerRemoved(resource: KubernetesObject, finalizer: string): Forecast {
  return finalizerChange(resource, `removes the finalizer ${finalizer}; Kubernetes then deletes it and the objects that it owns`) // prettier-ignore
}

function finalizerChange({ kind, metadata }: KubernetesObject, detail: string): Forecast {
  return { target: 'kubernetes', action: 'update', object: `${kind}/${metadata.name}`, detail }
}
