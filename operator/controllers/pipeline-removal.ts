import { noVault } from '../../api/provisioning/desired.ts'
import { collectionPrefix, ownerOf } from '../../api/provisioning/from-resource.ts'
import { observePipelineRemoval, observeTenantRemoval } from '../../api/provisioning/observe-removal.ts'
import { planPipelineRemoval, planTenantRemoval } from '../../api/provisioning/plan-removal.ts'
import { type ProvisioningStores } from '../../api/provisioning/stores.ts'
import { referencedPipeline } from '../../crds/pipeline-ref.ts'
import { settleStores } from '../apply/settle-stores.ts'
import { referencedSecrets } from '../desired/referenced-secrets.ts'
import { types } from '../observe/resource-types.ts'
import { type Pipeline } from '../observe/resources.ts'
import { observeSecrets } from '../observe/secrets.ts'
import { storeAddress } from '../plan/store-address.ts'
import { type ReconcileResult } from '../runtime/controller.ts'
import { hasFinalizer, removeFinalizer } from '../runtime/finalizer.ts'
import { objectKey } from '../runtime/kubernetes-object.ts'
import { type OperatorContext } from './context.ts'
import { applyContext } from './conclusion.ts'
import { cleanUp, type Removal, wait } from './removal.ts'

/** Cleans up after a deleted RagPipeline as its deletionPolicy says, then lets it go. Kubernetes removes its objects. */
export async function removePipeline(
  context: OperatorContext,
  pipeline: Pipeline,
  finalizer: string,
): Promise<ReconcileResult> {
  if (!hasFinalizer(pipeline, finalizer)) return {}
  const users = await tenantsOf(context, pipeline)
  if (users.length > 0) return wait(context, types.pipelines, pipeline, 'TenantsLeft', tenantsLeft(users))
  const secrets = await observeSecrets(context.client, pipeline.metadata.namespace, referencedSecrets(pipeline))
  const removal: Removal = {
    type: types.pipelines,
    resource: pipeline,
    pipeline: objectKey(pipeline.metadata),
    address: storeAddress(pipeline, secrets),
    missing: secrets.missing,
    namespace: pipeline.metadata.namespace,
    retains: pipeline.spec.deletionPolicy === 'Retain',
    work: stores => eraseOrRelease(context, pipeline, stores),
  }
  const done = await cleanUp(context, removal)
  if (done !== null) return done
  await removeFinalizer(context.client, types.pipelines, pipeline, finalizer)
  context.forgetStores(objectKey(pipeline.metadata))
  return {}
}

/** Asked of the API server and not of the cache: a tenant that was made a moment ago counts. */
async function tenantsOf(context: OperatorContext, pipeline: Pipeline): Promise<string[]> {
  const items = await context.listTenants()
  const { name, namespace } = pipeline.metadata
  const using = items.filter(tenant => {
    const reference = referencedPipeline(tenant)
    return reference.name === name && reference.namespace === namespace
  })
  return using.map(({ metadata }) => objectKey(metadata)).sort()
}

function tenantsLeft(users: readonly string[]): string {
  const named = users.slice(0, 5).join(', ')
  const more = users.length > 5 ? ` and ${users.length - 5} more` : ''
  return `RagTenants still use this pipeline: ${named}${more}; delete them first`
}

async function eraseOrRelease(context: OperatorContext, pipeline: Pipeline, stores: ProvisioningStores) {
  const removal = {
    owner: ownerOf(pipeline, context.cluster),
    policy: pipeline.spec.deletionPolicy,
    collectionPrefix: collectionPrefix(pipeline),
  }
  if (removal.policy === 'Delete') await eraseOrphans(context, pipeline, stores)
  return settleStores({
    stores,
    observe: () => observePipelineRemoval(stores, removal),
    plan: observed => planPipelineRemoval(removal, observed),
    policy: 'Enforce',
    settled: false,
    context: applyContext(context, pipeline, noVault),
    hooks: context.hooks,
  })
}

/** Tenants that HTTP made and those that were released have no resource that would be deleted before the pipeline. */
async function eraseOrphans(context: OperatorContext, pipeline: Pipeline, stores: ProvisioningStores): Promise<void> {
  const prefix = collectionPrefix(pipeline)
  const owner = ownerOf(pipeline, context.cluster)
  const { tenants } = await observePipelineRemoval(stores, { owner, policy: 'Delete', collectionPrefix: prefix })
  for (const row of tenants.filter(tenant => tenant.managed_by === 'api' || tenant.released_at !== null)) {
    const removal = {
      slug: row.slug,
      owner: row.owner,
      policy: 'Delete',
      collectionPrefix: prefix,
      keyNames: [],
    } as const
    await settleStores({
      stores,
      observe: () => observeTenantRemoval(stores, removal, noVault),
      plan: observed => planTenantRemoval(removal, observed),
      policy: 'Enforce',
      settled: false,
      context: applyContext(context, pipeline, noVault),
      hooks: context.hooks,
    })
  }
}
