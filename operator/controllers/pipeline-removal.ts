import { noVault, type PipelineRemoval, type TenantRemoval } from '../../api/provisioning/desired.ts'
import { collectionPrefix, ownerOf } from '../../api/provisioning/from-resource.ts'
import { observePipelineRemoval, observeTenantRemoval } from '../../api/provisioning/observe-removal.ts'
import { type ObservedPipelineRemoval } from '../../api/provisioning/observed.ts'
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
import { cleanUp, holdProtected, type Removal, wait } from './removal.ts'

/** Cleans up after a deleted RagPipeline as its deletionPolicy says, then lets it go. Kubernetes removes its objects. */
export async function removePipeline(
  context: OperatorContext,
  pipeline: Pipeline,
  finalizer: string,
): Promise<ReconcileResult> {
  if (!hasFinalizer(pipeline, finalizer)) return {}
  const held = await holdProtected(context, types.pipelines, pipeline)
  if (held) return held
  const users = await tenantsOf(context, pipeline)
  if (users.length > 0) return wait(context, types.pipelines, pipeline, 'TenantsLeft', tenantsLeft(users))
  const secrets = await observeSecrets(context.client, pipeline.metadata.namespace, referencedSecrets(pipeline))
  const removal: Removal = {
    type: types.pipelines,
    resource: pipeline,
    pipeline: objectKey(pipeline.metadata),
    address: storeAddress(pipeline, secrets),
    missing: secrets.missing,
    knownFault: null,
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
export async function tenantsOf(context: OperatorContext, pipeline: Pipeline): Promise<string[]> {
  const items = await context.listTenants()
  const { name, namespace } = pipeline.metadata
  const using = items.filter(tenant => {
    const reference = referencedPipeline(tenant)
    return reference.name === name && reference.namespace === namespace
  })
  return using.map(({ metadata }) => objectKey(metadata)).sort()
}

export function tenantsLeft(users: readonly string[]): string {
  const named = users.slice(0, 5).join(', ')
  const more = users.length > 5 ? ` and ${users.length - 5} more` : ''
  return `RagTenants still use this pipeline: ${named}${more}; delete them first`
}

async function eraseOrRelease(context: OperatorContext, pipeline: Pipeline, stores: ProvisioningStores) {
  const removal = pipelineRemoval(context, pipeline)
  await eraseOrphans(context, pipeline, stores, removal)
  return settleStores({
    stores,
    observe: () => observePipelineRemoval(stores, removal),
    plan: observed => planPipelineRemoval(removal, observed),
    policy: 'Enforce',
    context: applyContext(context, pipeline, noVault),
    hooks: context.hooks,
  })
}

export function pipelineRemoval({ cluster }: Pick<OperatorContext, 'cluster'>, pipeline: Pipeline): PipelineRemoval {
  return {
    owner: ownerOf(pipeline, cluster),
    policy: pipeline.spec.deletionPolicy,
    collectionPrefix: collectionPrefix(pipeline),
  }
}

/** Tenants that HTTP made and those that were released have no resource that would be deleted before the pipeline. */
export function orphanRemovals(
  { policy, collectionPrefix: prefix }: PipelineRemoval,
  { tenants }: ObservedPipelineRemoval,
): TenantRemoval[] {
  if (policy !== 'Delete') return []
  const orphans = tenants.filter(tenant => tenant.managed_by === 'api' || tenant.released_at !== null)
  return orphans.map(({ slug, owner }) => ({ slug, owner, policy, collectionPrefix: prefix, keyNames: [] }))
}

async function eraseOrphans(
  context: OperatorContext,
  pipeline: Pipeline,
  stores: ProvisioningStores,
  wish: PipelineRemoval,
): Promise<void> {
  for (const removal of orphanRemovals(wish, await observePipelineRemoval(stores, wish))) {
    await settleStores({
      stores,
      observe: () => observeTenantRemoval(stores, removal, noVault),
      plan: observed => planTenantRemoval(removal, observed),
      policy: 'Enforce',
      context: applyContext(context, pipeline, noVault),
      hooks: context.hooks,
    })
  }
}
