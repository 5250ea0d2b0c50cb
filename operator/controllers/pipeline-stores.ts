import { noVault } from '../../api/provisioning/desired.ts'
import { desiredPipeline } from '../../api/provisioning/from-resource.ts'
import { observePipeline } from '../../api/provisioning/observe-pipeline.ts'
import { countTenants } from '../../api/provisioning/observe-usage.ts'
import { planPipeline } from '../../api/provisioning/plan-pipeline.ts'
import { type ProvisioningStores } from '../../api/provisioning/stores.ts'
import { settleStores } from '../apply/settle-stores.ts'
import { type Pipeline } from '../observe/resources.ts'
import { type ObservedSecrets } from '../observe/secrets.ts'
import { toldDrift } from '../plan/drift-policy.ts'
import { type PipelineReport } from '../plan/pipeline-report.ts'
import { storeAddress } from '../plan/store-address.ts'
import { objectKey } from '../runtime/kubernetes-object.ts'
import { type OperatorContext } from './context.ts'
import { applyContext, tellDrift } from './conclusion.ts'

/** What is known of a pipeline's stores after they were looked at. */
export type StoresPart = Pick<PipelineReport, 'fault' | 'obstacles' | 'drift' | 'stores' | 'tenants'>

const notLooked: StoresPart = { fault: null, obstacles: [], drift: [], stores: null, tenants: null }

/** Brings control schema and shared collection to what the pipeline asks for, if they can be reached. */
export async function prepareStores(
  context: OperatorContext,
  pipeline: Pipeline,
  secrets: ObservedSecrets,
): Promise<StoresPart> {
  const address = storeAddress(pipeline, secrets)
  if (!address) return notLooked
  try {
    return await context.withStores(objectKey(pipeline.metadata), address, stores => settle(context, pipeline, stores))
  } catch (error) {
    const fault = context.faultOf(error)
    if (!fault) throw error
    return { ...notLooked, fault }
  }
}

async function settle(context: OperatorContext, pipeline: Pipeline, stores: ProvisioningStores): Promise<StoresPart> {
  const desired = desiredPipeline(pipeline, context.cluster)
  const { observed, obstacles, repaired, left } = await settleStores({
    stores,
    observe: () => observePipeline(stores, desired),
    plan: now => planPipeline(desired, now),
    policy: pipeline.spec.driftPolicy,
    context: applyContext(context, pipeline, noVault),
    hooks: context.hooks,
  })
  tellDrift(context, pipeline, repaired, toldDrift(pipeline, left))
  const usable = !obstacles.some(({ area }) => area === 'database')
  return { fault: null, obstacles, drift: left, stores: observed, tenants: usable ? await countTenants(stores) : null }
}
