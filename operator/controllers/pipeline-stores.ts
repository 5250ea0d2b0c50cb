import { noVault } from '../../api/provisioning/desired.ts'
import { desiredPipeline } from '../../api/provisioning/from-resource.ts'
import { observeIntegrity } from '../../api/provisioning/observe-integrity.ts'
import { observeDatabase, observePipeline } from '../../api/provisioning/observe-pipeline.ts'
import { countTenants } from '../../api/provisioning/observe-usage.ts'
import { isBroken } from '../../api/provisioning/plan-integrity.ts'
import { databaseObstacles, planPipeline } from '../../api/provisioning/plan-pipeline.ts'
import { type ProvisioningStores } from '../../api/provisioning/stores.ts'
import { settleStores } from '../apply/settle-stores.ts'
import { type ObservedReferences } from '../observe/references.ts'
import { type Pipeline } from '../observe/resources.ts'
import { toldDrift } from '../plan/drift-policy.ts'
import { type PipelineReport } from '../plan/pipeline-report.ts'
import { storeAddress } from '../plan/store-address.ts'
import { objectKey } from '../runtime/kubernetes-object.ts'
import { type OperatorContext } from './context.ts'
import { applyContext, tellDrift } from './conclusion.ts'
import { migrate } from './pipeline-migration.ts'

/** What is known of a pipeline's stores after they were looked at. */
export type StoresPart = Pick<PipelineReport, 'fault' | 'obstacles' | 'drift' | 'stores' | 'tenants' | 'migration'>

const notLooked: StoresPart = { fault: null, obstacles: [], drift: [], stores: null, tenants: null, migration: null }

/** Brings control schema and shared collection to what the pipeline asks for, if they can be reached. */
export async function prepareStores(
  context: OperatorContext,
  pipeline: Pipeline,
  references: ObservedReferences,
): Promise<StoresPart> {
  const address = storeAddress(pipeline, references.secrets)
  if (!address) return notLooked
  try {
    return await context.withStores(objectKey(pipeline.metadata), address, stores =>
      prepare(context, pipeline, references, stores),
    )
  } catch (error) {
    const fault = context.faultOf(error)
    if (!fault) throw error
    return { ...notLooked, fault }
  }
}

/** Nothing else is touched before the image that is to serve has migrated the database. */
async function prepare(
  context: OperatorContext,
  pipeline: Pipeline,
  references: ObservedReferences,
  stores: ProvisioningStores,
): Promise<StoresPart> {
  const integrity = await observeIntegrity(stores.database)
  // A schema that is broken is no base for a migration: settling tells what is to be done first.
  if (isBroken(integrity)) return { ...(await settle(context, pipeline, stores)), migration: null }
  const database = await observeDatabase(stores)
  const obstacles = databaseObstacles(desiredPipeline(pipeline, context.cluster), database)
  if (obstacles.length > 0) return { ...notLooked, obstacles }
  const migration = await migrate(context, pipeline, references, stores, database)
  if (migration.state !== 'done') return { ...notLooked, migration }
  return { ...(await settle(context, pipeline, stores)), migration }
}

async function settle(
  context: OperatorContext,
  pipeline: Pipeline,
  stores: ProvisioningStores,
): Promise<Omit<StoresPart, 'migration'>> {
  const desired = { ...desiredPipeline(pipeline, context.cluster), migrations: 'recorded' } as const
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
