import { referencedPipeline } from '../../crds/pipeline-ref.ts'
import { types } from '../observe/resource-types.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { isPlanning } from '../plan/plan-status.ts'
import { admission } from '../plan/tenant-admission.ts'
import { tenantFindings } from '../plan/tenant-findings.ts'
import { nothingLookedAt, type TenantReport } from '../plan/tenant-report.ts'
import { tenantStatus } from '../plan/tenant-status.ts'
import { type ReconcileResult } from '../runtime/controller.ts'
import { addFinalizer, hasFinalizer } from '../runtime/finalizer.ts'
import { parseKey } from '../runtime/kubernetes-object.ts'
import { conclude, nextLook, suspend, tellingFailures } from './conclusion.ts'
import { type OperatorContext } from './context.ts'
import { planTenantRun } from './tenant-planning.ts'
import { removeTenant } from './tenant-removal.ts'
import { provisionTenant } from './tenant-stores.ts'
import { withdrawTenant } from './tenant-withdrawal.ts'

export const TENANT_FINALIZER = 'selfrag.io/tenant'

/** observe → desired → plan → apply → status, for the RagTenant of a key. */
export async function reconcileTenant(context: OperatorContext, key: string): Promise<ReconcileResult> {
  const tenant = await context.tenant(parseKey(key))
  if (!tenant) return {}
  return tellingFailures(context, types.tenants, tenant, async () => {
    const pipeline = await context.pipeline(referencedPipeline(tenant))
    const refusal = admission(tenant, pipeline, context.tenants())
    if (isPlanning(tenant, context.dryRun)) return planTenantRun(context, tenant, pipeline, refusal, TENANT_FINALIZER)
    if (tenant.metadata.deletionTimestamp) return removeTenant(context, tenant, pipeline, TENANT_FINALIZER)
    // What was provisioned goes on working: its conditions stay.
    if (refusal?.reason === 'PipelineSuspended' && tenant.status?.schema)
      return suspend(context, types.tenants, tenant, refusal.message)
    const letInBefore = refusal?.reason === 'NamespaceNotAllowed' && hasFinalizer(tenant, TENANT_FINALIZER)
    if (pipeline && !pipeline.spec.suspend && refusal && letInBefore)
      return tell(context, tenant, pipeline, await withdrawTenant(context, tenant, pipeline, refusal))
    if (!pipeline || refusal) return tell(context, tenant, pipeline, { ...nothingLookedAt, waiting: refusal })
    const owned = await addFinalizer(context.client, types.tenants, tenant, TENANT_FINALIZER)
    const { dueMs, pipelineTries, ...report } = await provisionTenant(context, owned, pipeline)
    const next = () => (pipelineTries ? nextLook(context, null) : nextLook(context, report.fault, dueMs))
    return tell(context, owned, pipeline, report, next)
  })
}

async function tell(
  context: OperatorContext,
  tenant: Tenant,
  pipeline: Pipeline | null,
  report: TenantReport,
  next = () => nextLook(context, report.fault),
): Promise<ReconcileResult> {
  const findings = tenantFindings(tenant, pipeline, report)
  const status = tenantStatus(tenant, pipeline, report, findings, context.now())
  await conclude(context, types.tenants, tenant, findings, status)
  return next()
}
