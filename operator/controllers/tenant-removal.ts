import { type TenantRemoval } from '../../api/provisioning/desired.ts'
import { adopts, collectionPrefix, ownerOf } from '../../api/provisioning/from-resource.ts'
import { observeReceipt, observeTenantRemoval } from '../../api/provisioning/observe-removal.ts'
import { planTenantRemoval } from '../../api/provisioning/plan-removal.ts'
import { SecretKeyVault } from '../apply/secret-key-vault.ts'
import { settleStores } from '../apply/settle-stores.ts'
import { apiUrl } from '../desired/names.ts'
import { referencedSecrets } from '../desired/referenced-secrets.ts'
import { types } from '../observe/resource-types.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { observeSecrets } from '../observe/secrets.ts'
import { knownFault } from '../plan/known-fault.ts'
import { storeAddress } from '../plan/store-address.ts'
import { type ReconcileResult } from '../runtime/controller.ts'
import { hasFinalizer, removeFinalizer } from '../runtime/finalizer.ts'
import { objectKey } from '../runtime/kubernetes-object.ts'
import { applyContext } from './conclusion.ts'
import { type OperatorContext } from './context.ts'
import { cleanUp, holdProtected } from './removal.ts'

/** Cleans up after a deleted RagTenant as its deletionPolicy says, then lets it go. */
export async function removeTenant(
  context: OperatorContext,
  tenant: Tenant,
  pipeline: Pipeline | null,
  finalizer: string,
): Promise<ReconcileResult> {
  if (!hasFinalizer(tenant, finalizer)) return {}
  const held = await holdProtected(context, types.tenants, tenant)
  if (held) return held
  const done = pipeline ? await cleanUpIn(context, tenant, pipeline) : leaveBehind(context, tenant)
  if (done !== null) return done
  await removeFinalizer(context.client, types.tenants, tenant, finalizer)
  return {}
}

async function cleanUpIn(
  context: OperatorContext,
  tenant: Tenant,
  pipeline: Pipeline,
): Promise<ReconcileResult | null> {
  const { namespace } = pipeline.metadata
  const secrets = await observeSecrets(context.client, namespace, referencedSecrets(pipeline))
  const vault = new SecretKeyVault(context.client, tenant, apiUrl(pipeline))
  const removal = await tenantRemoval(context, tenant, pipeline, vault)
  return cleanUp(context, {
    type: types.tenants,
    resource: tenant,
    pipeline: objectKey(pipeline.metadata),
    address: storeAddress(pipeline, secrets),
    missing: secrets.missing,
    knownFault: knownFault(pipeline),
    namespace,
    retains: removal.policy === 'Retain',
    work: async stores => {
      const settled = await settleStores({
        stores,
        observe: () => observeTenantRemoval(stores, removal, vault),
        plan: observed => planTenantRemoval(removal, observed),
        policy: 'Enforce',
        context: applyContext(context, tenant, vault),
        hooks: context.hooks,
      })
      const receipt = removal.policy === 'Retain' ? null : await observeReceipt(stores, removal.owner)
      return { ...settled, receipt }
    },
  })
}

/** What is to go, and how much of it. */
export async function tenantRemoval(
  { cluster }: Pick<OperatorContext, 'cluster'>,
  tenant: Tenant,
  pipeline: Pipeline,
  vault: SecretKeyVault,
): Promise<TenantRemoval> {
  const declared = tenant.spec.apiKeys.map(({ name }) => name)
  return {
    slug: tenant.metadata.name,
    owner: ownerOf(tenant, cluster),
    adopt: adopts(tenant),
    policy: tenant.spec.deletionPolicy,
    collectionPrefix: collectionPrefix(pipeline),
    keyNames: [...new Set([...declared, ...(await vault.keyNames())])],
  }
}

/** The pipeline was forced away before its tenant: nobody knows any more where the stores are. */
function leaveBehind({ events }: OperatorContext, tenant: Tenant): null {
  const note = `RagPipeline ${tenant.spec.pipelineRef.name} is gone; what the tenant had in its stores stays there`
  events.record(tenant, { type: 'Warning', reason: 'LeftBehind', action: 'Delete', note })
  return null
}
