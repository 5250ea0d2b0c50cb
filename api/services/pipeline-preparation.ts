import { ApiError } from '../contract/error-codes.ts'
import { applyPlan } from '../provisioning/apply.ts'
import { type DesiredPipeline, noVault } from '../provisioning/desired.ts'
import { observePipeline } from '../provisioning/observe-pipeline.ts'
import { planPipeline } from '../provisioning/plan-pipeline.ts'
import type { Actor, ProvisioningStores } from '../provisioning/stores.ts'

/**
 * Prepares control schema and shared collection of a pipeline that no resource describes. One that a resource owns is left
 * to its operator.
 * @throws ApiError KB_CONFIG_ERROR when something is in the way
 */
export async function preparePipeline(
  stores: ProvisioningStores,
  desired: DesiredPipeline,
  actor: Actor,
  now: () => Date,
): Promise<void> {
  const observed = await observePipeline(stores, desired)
  const owner = observed.control.owner
  if (observed.control.exists && owner && owner.cluster !== desired.owner.cluster) return
  const plan = planPipeline(desired, observed)
  const [obstacle] = plan.obstacles
  if (obstacle) throw new ApiError('KB_CONFIG_ERROR', obstacle.message)
  await applyPlan(stores, plan, { vault: noVault, now, actor })
}
