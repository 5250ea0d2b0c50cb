import { assumePipelineReady } from '../../api/provisioning/assume.ts'
import { describeStep } from '../../api/provisioning/describe-step.ts'
import { forecastTenantErasure } from '../../api/provisioning/forecast-erasure.ts'
import { observeTenantRemoval } from '../../api/provisioning/observe-removal.ts'
import { observeTenant } from '../../api/provisioning/observe-tenant.ts'
import { type ObservedTenant } from '../../api/provisioning/observed.ts'
import { planTenantRemoval } from '../../api/provisioning/plan-removal.ts'
import { planTenant } from '../../api/provisioning/plan-tenant.ts'
import { type PlanWords } from '../../api/provisioning/planned-change.ts'
import { type ProvisioningStores } from '../../api/provisioning/stores.ts'
import { SecretKeyVault } from '../apply/secret-key-vault.ts'
import { look } from '../apply/settle-stores.ts'
import { apiUrl } from '../desired/names.ts'
import { referencedSecrets } from '../desired/referenced-secrets.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { observeSecrets } from '../observe/secrets.ts'
import { noteDrift, noteObstacles } from '../plan/plan-report.ts'
import { storeAddress } from '../plan/store-address.ts'
import { type Refusal } from '../plan/tenant-admission.ts'
import { type ReconcileResult } from '../runtime/controller.ts'
import { objectKey } from '../runtime/kubernetes-object.ts'
import { type OperatorContext } from './context.ts'
import { concludePlan, finalizerAdded, finalizerRemoved, noteMissing, type Planned, unlessFaulty } from './planning.ts'
import { PROTECTED } from './removal.ts'
import { tenantRemoval } from './tenant-removal.ts'
import { tenantWish } from './tenant-stores.ts'

/** Writes into the status what reconciling the tenant, or deleting it, would do; does none of it. */
export async function planTenantRun(
  context: OperatorContext,
  tenant: Tenant,
  pipeline: Pipeline | null,
  refusal: Refusal | null,
  finalizer: string,
): Promise<ReconcileResult> {
  const operation = tenant.metadata.deletionTimestamp ? 'Delete' : 'Reconcile'
  const { changes, notes, fault = null } = await unlessFaulty(context, async () => {
    if (operation === 'Delete' && tenant.spec.deletionProtection) return { changes: [], notes: [`DeletionProtected: ${PROTECTED}`] } // prettier-ignore
    if (operation === 'Delete') return removal(context, tenant, pipeline, finalizer)
    if (!pipeline || refusal) return { changes: [], notes: [`${refusal?.reason}: ${refusal?.message}`] }
    return reconciliation(context, tenant, pipeline, finalizer)
  }) // prettier-ignore
  return concludePlan(context, tenant, { operation, changes, notes }, fault)
}

async function reconciliation(
  context: OperatorContext,
  tenant: Tenant,
  pipeline: Pipeline,
  finalizer: string,
): Promise<Planned> {
  const begin = finalizerAdded(tenant, finalizer)
  const planned = await inStores(context, pipeline, stores => storeChanges(context, tenant, pipeline, stores))
  return { ...planned, changes: [...begin, ...planned.changes] }
}

async function inStores(
  context: OperatorContext,
  pipeline: Pipeline,
  work: (stores: ProvisioningStores) => Promise<Planned>,
): Promise<Planned> {
  const { namespace } = pipeline.metadata
  const secrets = await observeSecrets(context.client, namespace, referencedSecrets(pipeline))
  const address = storeAddress(pipeline, secrets)
  if (!address) return { changes: [], notes: noteMissing(namespace, secrets.missing) }
  return unlessFaulty(context, () => context.withStores(objectKey(pipeline.metadata), address, work))
}

async function storeChanges(
  context: OperatorContext,
  tenant: Tenant,
  pipeline: Pipeline,
  stores: ProvisioningStores,
): Promise<Planned> {
  const vault = new SecretKeyVault(context.client, tenant, apiUrl(pipeline))
  const { desired, takenSecrets } = await tenantWish(context, tenant, pipeline, vault)
  const { observed, plan, decision } = await look({
    observe: () => observeTenant(stores, desired, vault),
    plan: found => planTenant(desired, found.pipelineReady ? found : assumePipelineReady(found), context.now()),
    policy: pipeline.spec.driftPolicy,
  })
  const key = objectKey(pipeline.metadata)
  const after = observed.pipelineReady ? {} : { after: `RagPipeline ${key} has prepared its stores` }
  const changes = decision.steps.flatMap(step => describeStep(step, words(stores, tenant)))
  return {
    changes: changes.map(change => ({ ...change, ...after })),
    notes: [
      ...noteObstacles(plan.obstacles),
      ...noteDrift(decision.left),
      ...takenSecrets.map(name => `Conflict: Secret ${tenant.metadata.namespace}/${name} exists already and was not made for this tenant`), // prettier-ignore
      ...noteUnknown(observed, after.after),
    ],
  }
}

/** What another round would find out, and this one cannot. */
function noteUnknown({ schema, knowledgeBases }: ObservedTenant, after: string | undefined): string[] {
  const unreadable = schema.exists && knowledgeBases === null
  return [
    ...(after ? [`a forecast: it rests on what will be there when ${after}`] : []),
    ...(unreadable ? [`schema ${schema.name} cannot be read before its rights are repaired; what its knowledge bases and keys need is not known yet`] : []), // prettier-ignore
  ]
}

async function removal(
  context: OperatorContext,
  tenant: Tenant,
  pipeline: Pipeline | null,
  finalizer: string,
): Promise<Planned> {
  const end = finalizerRemoved(tenant, finalizer)
  if (!pipeline)
    return { changes: [end], notes: [`RagPipeline ${tenant.spec.pipelineRef.name} is gone; what the tenant had in its stores stays there`] } // prettier-ignore
  const vault = new SecretKeyVault(context.client, tenant, apiUrl(pipeline))
  const wish = await tenantRemoval(context, tenant, pipeline, vault)
  const planned = await inStores(context, pipeline, async stores => {
    const observed = await observeTenantRemoval(stores, wish, vault)
    const erasure = await forecastTenantErasure(stores, wish.slug, observed)
    const { steps, obstacles } = planTenantRemoval(wish, observed)
    const said = { ...words(stores, tenant), erasure }
    return { changes: steps.flatMap(step => describeStep(step, said)), notes: noteObstacles(obstacles) }
  })
  return { ...planned, changes: [...planned.changes, end] }
}

function words({ vectors }: ProvisioningStores, { spec }: Tenant): PlanWords {
  const secretOf = (key: string) => spec.apiKeys.find(({ name }) => name === key)?.secretName
  return {
    engine: vectors.engine,
    vaultOf: key => `Secret/${secretOf(key) ?? `of key ${key}`}`,
    erasure: null,
  }
}
