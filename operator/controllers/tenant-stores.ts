import { desiredTenant } from '../../api/provisioning/from-resource.ts'
import { isUnderWay } from '../../api/provisioning/moving/under-way.ts'
import { observeTenant } from '../../api/provisioning/observe-tenant.ts'
import { observeUsage } from '../../api/provisioning/observe-usage.ts'
import { countDocumentsWithoutVectors } from '../../api/provisioning/observe-vectors.ts'
import { nextRotation } from '../../api/provisioning/plan-keys.ts'
import { type ObservedTenant } from '../../api/provisioning/observed.ts'
import { planTenant } from '../../api/provisioning/plan-tenant.ts'
import { type Drift } from '../../api/provisioning/steps.ts'
import { type ProvisioningStores, Unfinished } from '../../api/provisioning/stores.ts'
import { checkGrants, verifyIsolation } from '../../api/provisioning/verify-isolation.ts'
import { SecretKeyVault } from '../apply/secret-key-vault.ts'
import { settleStores } from '../apply/settle-stores.ts'
import { apiUrl } from '../desired/names.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { isolationDue } from '../plan/isolation-due.ts'
import { toldDrift } from '../plan/drift-policy.ts'
import { knownFault } from '../plan/known-fault.ts'
import { nothingLookedAt, type TenantReport } from '../plan/tenant-report.ts'
import { objectKey } from '../runtime/kubernetes-object.ts'
import { applyContext, tellDrift } from './conclusion.ts'
import { tellingKeys } from './key-events.ts'
import { type OperatorContext } from './context.ts'

/**
 * A report, and in how many milliseconds a key has to be rotated. `pipelineTries`: nothing was tried, because the pipeline
 * has met the fault already and wakes its tenants when it has ended.
 */
export type Provisioned = TenantReport & { readonly dueMs?: number; readonly pipelineTries?: true }

/** Brings what a tenant owns in its pipeline's stores to what it asks for, if they can be reached. */
export async function provisionTenant(
  context: OperatorContext,
  tenant: Tenant,
  pipeline: Pipeline,
): Promise<Provisioned> {
  const key = objectKey(pipeline.metadata)
  const known = knownFault(pipeline)
  if (known) return { ...nothingLookedAt, fault: known, pipelineTries: true }
  const address = await context.addressOf(pipeline)
  if (!address) return { ...nothingLookedAt, waiting: pipelineNotReady(key) }
  try {
    return await context.withStores(key, address, stores => provision(context, tenant, pipeline, stores))
  } catch (error) {
    if (error instanceof Unfinished) return restoring(error)
    const fault = context.faultOf(error)
    if (!fault) throw error
    // It may not know yet; from then on only the pipeline tries.
    context.lookAtPipeline(key)
    return { ...nothingLookedAt, fault }
  }
}

/** Other tenants have their turn before it goes on. */
function restoring({ message }: Unfinished): Provisioned {
  const waiting = { reason: 'Restoring', message: `its snapshot is being put back: ${message}` }
  return { ...nothingLookedAt, waiting, dueMs: 100 }
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
    hooks: tellingKeys(context, tenant),
  })
  const mended = pipeline.spec.driftPolicy === 'Enforce' ? await mendSecrets(vault, observed) : []
  tellDrift(context, tenant, [...repaired, ...mended], toldDrift(pipeline, left))
  const report = { ...nothingLookedAt, obstacles, drift: left, takenSecrets, observed }
  const isProvisioned = observed.knowledgeBases !== null && !obstacles.some(({ area }) => area === 'tenant')
  if (!isProvisioned) return report
  const rotation = nextRotation(desired, observed)
  const usage = observed.usage ?? (await observeUsage(stores, observed))
  return {
    ...report,
    isolation: await proveIsolation(context, tenant, observed, repaired.length > 0, stores),
    usage,
    documentsWithoutVectors: await countDocumentsWithoutVectors(stores, observed, usage),
    ...dueIn(observed, rotation, context.now()),
  }
}

/** A move goes on without anything that the operator could watch. */
const MOVE_LOOK_MS = 3_000

function dueIn({ move }: ObservedTenant, rotation: Date | null, now: Date): { dueMs?: number } {
  const times = [...(rotation ? [rotation.getTime() - now.getTime()] : []), ...(move && isUnderWay(move) ? [MOVE_LOOK_MS] : [])] // prettier-ignore
  return times.length > 0 ? { dueMs: Math.min(...times) } : {}
}

/** What the tenant asks for, as far as there is a place for it. */
export async function tenantWish(
  { cluster }: Pick<OperatorContext, 'cluster'>,
  tenant: Tenant,
  pipeline: Pipeline,
  vault: SecretKeyVault,
) {
  const takenSecrets = await vault.takenSecrets()
  const wish = { ...desiredTenant(tenant, pipeline, cluster), migrations: 'recorded' } as const
  return { desired: withoutTaken(tenant, wish, takenSecrets), takenSecrets }
}

/** The whole check when it is due, else what the catalogue says; nothing is written either way. */
async function proveIsolation(
  context: OperatorContext,
  tenant: Tenant,
  { row, collection }: ObservedTenant,
  repaired: boolean,
  stores: ProvisioningStores,
): Promise<TenantReport['isolation']> {
  if (!row || collection.target === null) return null
  if (!repaired && !isolationDue(tenant, context.now(), context.isolationCheckMs))
    return (await checkGrants(stores, row.slug)) ?? 'as before'
  const proof = await verifyIsolation(stores, row)
  if (proof) context.countIsolationCheck(proof.reached.length === 0)
  return proof
}

async function mendSecrets(vault: SecretKeyVault, observed: ObservedTenant): Promise<Drift[]> {
  const known = Object.entries(observed.vault).filter(([, { state }]) => state === 'known')
  return (await Promise.all(known.map(([name]) => vault.mend(name)))).flat()
}

/** A key whose Secret is somebody else's has no place to go: it is treated as not declared until that is settled. */
function withoutTaken(tenant: Tenant, desired: ReturnType<typeof desiredTenant>, taken: readonly string[]) {
  const homeless = tenant.spec.apiKeys.filter(({ secretName }) => taken.includes(secretName)).map(({ name }) => name)
  return { ...desired, apiKeys: desired.apiKeys.filter(({ name }) => !homeless.includes(name)) }
}
