import { ApiError } from '../contract/error-codes.ts'
import { sameOwner } from '../contract/ownership.ts'
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
  const { control, collection } = observed
  if (control.owner && !sameOwner(control.owner, desired.owner)) return
  // Migrations that were run by hand leave no marker; what bears nobody's name may be ours.
  const adopt = control.exists && control.owner === null && !collection.state?.owner
  const plan = planPipeline({ ...desired, adopt }, observed)
  const [obstacle] = plan.obstacles
  if (obstacle) throw new ApiError('KB_CONFIG_ERROR', obstacle.message)
  await applyPlan(stores, plan, { vault: noVault, now, actor })
}
