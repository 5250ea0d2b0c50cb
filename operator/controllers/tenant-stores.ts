import { desiredTenant } from '../../api/provisioning/from-resource.ts'
import { observeTenant } from '../../api/provisioning/observe-tenant.ts'
import { observeUsage } from '../../api/provisioning/observe-usage.ts'
import { countDocumentsWithoutVectors } from '../../api/provisioning/observe-vectors.ts'
import { nextRotation } from '../../api/provisioning/plan-keys.ts'
import { planTenant } from '../../api/provisioning/plan-tenant.ts'
import { type ProvisioningStores } from '../../api/provisioning/stores.ts'
import { verifyIsolation } from '../../api/provisioning/verify-isolation.ts'
import { SecretKeyVault } from '../apply/secret-key-vault.ts'
import { settleStores } from '../apply/settle-stores.ts'
import { apiUrl } from '../desired/names.ts'
import { referencedSecrets } from '../desired/referenced-secrets.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { observeSecrets } from '../observe/secrets.ts'
import { toldDrift } from '../plan/drift-policy.ts'
import { storeAddress } from '../plan/store-address.ts'
import { nothingLookedAt, type TenantReport } from '../plan/tenant-report.ts'
import { objectKey } from '../runtime/kubernetes-object.ts'
import { applyContext, tellDrift } from './conclusion.ts'
import { type OperatorContext } from './context.ts'

/** A report, and in how many milliseconds a key has to be rotated. */
export type Provisioned = TenantReport & { readonly dueMs?: number }

/** Brings what a tenant owns in its pipeline's stores to what it asks for, if they can be reached. */
export async function provisionTenant(
  context: OperatorContext,
  tenant: Tenant,
  pipeline: Pipeline,
): Promise<Provisioned> {
  const key = objectKey(pipeline.metadata)
  const secrets = await observeSecrets(context.client, pipeline.metadata.namespace, referencedSecrets(pipeline))
  const address = storeAddress(pipeline, secrets)
  if (!address) return { ...nothingLookedAt, waiting: pipelineNotReady(key) }
  try {
    return await context.withStores(key, address, stores => provision(context, tenant, pipeline, stores))
  } catch (error) {
    const fault = context.faultOf(error)
    if (!fault) throw error
    return { ...nothingLookedAt, fault }
  }
}

function pipelineNotReady(pipeline: string) {
  const message = `RagPipeline ${pipeline} lacks a Secret; its condition Ready says which`
  return { reason: 'PipelineNotReady', message }
}

async function provision(
  context: OperatorContext,
  tenant: Tenant,
  pipeline: Pipeline,
  stores: ProvisioningStores,
): Promise<Provisioned> {
  const vault = new SecretKeyVault(context.client, tenant, apiUrl(pipeline))
  const { desired, takenSecrets } = await tenantWish(context, tenant, pipeline, vault)
  const { observed, obstacles, repaired, left } = await settleStores({
    stores,
    observe: () => observeTenant(stores, desired, vault),
    plan: now => planTenant(desired, now, context.now()),
    policy: pipeline.spec.driftPolicy,
    context: applyContext(context, tenant, vault),
    hooks: context.hooks,
  })
  tellDrift(context, tenant, repaired, toldDrift(pipeline, left))
  const report = { ...nothingLookedAt, obstacles, drift: left, takenSecrets, observed }
  const isProvisioned = observed.knowledgeBases !== null && !obstacles.some(({ area }) => area === 'tenant')
  if (!isProvisioned) return report
  const rotation = nextRotation(desired, observed)
  const usage = await observeUsage(stores, observed)
  return {
    ...report,
    isolation: await verifyIsolation(stores, desired.slug),
    usage,
    documentsWithoutVectors: await countDocumentsWithoutVectors(stores, observed, usage),
    ...(rotation ? { dueMs: rotation.getTime() - context.now().getTime() } : {}),
  }
}

/** What the tenant asks for, as far as there is a place for it. */
export async function tenantWish(
  { cluster }: Pick<OperatorContext, 'cluster'>,
  tenant: Tenant,
  pipeline: Pipeline,
  vault: SecretKeyVault,
) {
  const takenSecrets = await vault.takenSecrets()
  return { desired: withoutTaken(tenant, desiredTenant(tenant, pipeline, cluster), takenSecrets), takenSecrets }
}

/** A key whose Secret is somebody else's has no place to go: it is treated as not declared until that is settled. */
function withoutTaken(tenant: Tenant, desired: ReturnType<typeof desiredTenant>, taken: readonly string[]) {
  const homeless = tenant.spec.apiKeys.filter(({ secretName }) => taken.includes(secretName)).map(({ name }) => name)
  return { ...desired, apiKeys: desired.apiKeys.filter(({ name }) => !homeless.includes(name)) }
}
