import { applyPlan } from '../provisioning/apply.ts'
import { noVault } from '../provisioning/desired.ts'
import { desiredPipeline, desiredTenant } from '../provisioning/from-resource.ts'
import { observePipeline } from '../provisioning/observe-pipeline.ts'
import { observeTenant } from '../provisioning/observe-tenant.ts'
import { planPipeline } from '../provisioning/plan-pipeline.ts'
import { planTenant } from '../provisioning/plan-tenant.ts'
import type { Plan } from '../provisioning/steps.ts'
import type { ApplyContext, ProvisioningStores } from '../provisioning/stores.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { RagTenant } from '../../crds/rag-tenant.ts'
import { fileKeyVault } from './file-key-vault.ts'
import type { Home } from './home.ts'

/** What `kubectl get` would show of a resource. */
export interface Outcome {
  /** `RagTenant/acme`. */
  readonly resource: string
  readonly ready: boolean
  /** Steps that were carried out; 0 when everything was as desired already. */
  readonly changes: number
  /** What is in the way, and what to do about it; empty when ready. */
  readonly message: string
}

/** Stands for the cluster in ownership markers: all homes are one cluster to themselves. */
const CLUSTER = 'standalone'

/** Brings the embedded stores to what the resources say, with the code that the operator uses. */
export async function reconcilePipeline(
  stores: ProvisioningStores,
  pipeline: RagPipeline,
  context: Pick<ApplyContext, 'now'>,
): Promise<Outcome> {
  const name = `RagPipeline/${pipeline.metadata.name}`
  const desired = desiredPipeline(pipeline, CLUSTER)
  const plan = planPipeline(desired, await observePipeline(stores, desired))
  return carryOut(name, stores, plan, { ...context, vault: noVault, actor: { type: 'system', name } })
}

export async function reconcileTenant(
  stores: ProvisioningStores,
  tenant: RagTenant,
  pipeline: RagPipeline,
  home: Home,
  context: Pick<ApplyContext, 'now'>,
): Promise<Outcome> {
  const name = `RagTenant/${tenant.metadata.name}`
  if (tenant.spec.pipelineRef.name !== pipeline.metadata.name) {
    const message = `spec.pipelineRef.name is ${tenant.spec.pipelineRef.name}, but the pipeline here is ${pipeline.metadata.name}`
    return { resource: name, ready: false, changes: 0, message }
  }
  const vault = fileKeyVault(home, tenant)
  const desired = desiredTenant(tenant, pipeline, CLUSTER)
  const plan = planTenant(desired, await observeTenant(stores, desired, vault), context.now())
  return carryOut(name, stores, plan, { ...context, vault, actor: { type: 'system', name } })
}

async function carryOut(
  resource: string,
  stores: ProvisioningStores,
  plan: Plan,
  context: ApplyContext,
): Promise<Outcome> {
  await applyPlan(stores, plan, context)
  return {
    resource,
    ready: plan.obstacles.length === 0,
    changes: plan.steps.length,
    message: plan.obstacles.map(obstacle => obstacle.message).join('; '),
  }
}
