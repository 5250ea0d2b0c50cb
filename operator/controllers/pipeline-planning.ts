import { describeStep } from '../../api/provisioning/describe-step.ts'
import { noVault } from '../../api/provisioning/desired.ts'
import { forecastPipelineErasure, forecastTenantErasure } from '../../api/provisioning/forecast-erasure.ts'
import { desiredPipeline } from '../../api/provisioning/from-resource.ts'
import { observePipeline } from '../../api/provisioning/observe-pipeline.ts'
import { observePipelineRemoval, observeTenantRemoval } from '../../api/provisioning/observe-removal.ts'
import { planPipeline } from '../../api/provisioning/plan-pipeline.ts'
import { planPipelineRemoval, planTenantRemoval } from '../../api/provisioning/plan-removal.ts'
import { type ProvisioningStores } from '../../api/provisioning/stores.ts'
import { look } from '../apply/settle-stores.ts'
import { referencedSecrets } from '../desired/referenced-secrets.ts'
import { observeReferences, type ObservedReferences } from '../observe/references.ts'
import { type Pipeline } from '../observe/resources.ts'
import { observeSecrets } from '../observe/secrets.ts'
import { describeDeletion, describeObject } from '../plan/describe-object.ts'
import { type Forecast, noteDrift, noteObstacles } from '../plan/plan-report.ts'
import { storeAddress } from '../plan/store-address.ts'
import { type ReconcileResult } from '../runtime/controller.ts'
import { objectKey } from '../runtime/kubernetes-object.ts'
import { type OperatorContext } from './context.ts'
import { planMigration } from './pipeline-migration.ts'
import { orphanRemovals, pipelineRemoval, tenantsLeft, tenantsOf } from './pipeline-removal.ts'
import { type StoresPart } from './pipeline-stores.ts'
import { decideUnwanted } from './pipeline-pruning.ts'
import { PROTECTED } from './removal.ts'
import { decideWorkloads, mayRun, wantedObjects } from './pipeline-workloads.ts'
import { concludePlan, finalizerAdded, finalizerRemoved, noteMissing, type Planned, unlessFaulty } from './planning.ts'

/** Writes into the status what reconciling the pipeline, or deleting it, would do; does none of it. */
export async function planPipelineRun(
  context: OperatorContext,
  pipeline: Pipeline,
  finalizer: string,
): Promise<ReconcileResult> {
  const operation = pipeline.metadata.deletionTimestamp ? 'Delete' : 'Reconcile'
  const { changes, notes, fault = null } = await unlessFaulty(context, () =>
    operation === 'Delete' ? removal(context, pipeline, finalizer) : reconciliation(context, pipeline, finalizer),
  ) // prettier-ignore
  return concludePlan(context, pipeline, { operation, changes, notes }, fault)
}

async function reconciliation(context: OperatorContext, pipeline: Pipeline, finalizer: string): Promise<Planned> {
  const references = await observeReferences(context.client, pipeline)
  const begin = finalizerAdded(pipeline, finalizer)
  const missing = noteMissing(pipeline.metadata.namespace, references.secrets.missing)
  const address = storeAddress(pipeline, references.secrets)
  if (!address) return { changes: begin, notes: [...missing, 'nothing more can be planned before that'] }
  const key = objectKey(pipeline.metadata)
  const stores = await unlessFaulty(context, () => context.withStores(key, address, open => storeChanges(context, pipeline, references, open))) // prettier-ignore
  const workloads = await workloadChanges(context, pipeline, references, stores)
  return {
    changes: [...begin, ...stores.changes, ...workloads.changes],
    notes: [...missing, ...stores.notes, ...workloads.notes],
    ...(stores.fault ? { fault: stores.fault } : {}),
  }
}

type PlannedStores = Planned & Partial<Pick<StoresPart, 'obstacles' | 'stores'>>

async function storeChanges(
  context: OperatorContext,
  pipeline: Pipeline,
  references: ObservedReferences,
  stores: ProvisioningStores,
): Promise<PlannedStores> {
  const desired = desiredPipeline(pipeline, context.cluster)
  const { observed, plan, decision } = await look({
    observe: () => observePipeline(stores, desired),
    plan: found => planPipeline(desired, found),
    policy: pipeline.spec.driftPolicy,
  })
  const migration = await planMigration(context, pipeline, references, observed.control)
  // The image migrates, not the operator.
  const steps = decision.steps.filter(({ kind }) => kind !== 'migrate-control-schema')
  return {
    changes: [...migration.changes, ...steps.flatMap(step => describeStep(step, words(stores)))],
    notes: [...migration.notes, ...noteObstacles(plan.obstacles), ...noteDrift(decision.left)],
    obstacles: plan.obstacles,
    stores: observed,
  }
}

async function workloadChanges(
  context: OperatorContext,
  pipeline: Pipeline,
  references: ObservedReferences,
  { obstacles = [], stores = null }: PlannedStores,
): Promise<Planned> {
  const wanted = wantedObjects(context, pipeline, references)
  const unwanted = await decideUnwanted(context, pipeline, wanted)
  const removed = unwanted.remove.map(describeDeletion)
  if (!mayRun(pipeline, references, { obstacles, stores }))
    return { changes: removed, notes: ['API and worker are neither started nor replaced before that'] }
  const { token, objects } = await decideWorkloads(context, pipeline, wanted)
  const decisions = [token, ...objects]
  return {
    changes: [...removed, ...decisions.map(describeObject).filter(change => change !== null)],
    notes: [
      ...noteDrift(unwanted.left),
      ...noteObstacles(decisions.map(({ obstacle }) => obstacle).filter(obstacle => obstacle !== null)),
      ...noteDrift(decisions.flatMap(({ leave, drift }) => (leave ? drift : []))),
    ],
  }
}

async function removal(context: OperatorContext, pipeline: Pipeline, finalizer: string): Promise<Planned> {
  if (pipeline.spec.deletionProtection) return { changes: [], notes: [`DeletionProtected: ${PROTECTED}`] }
  const users = await tenantsOf(context, pipeline)
  const secrets = await observeSecrets(context.client, pipeline.metadata.namespace, referencedSecrets(pipeline))
  const address = storeAddress(pipeline, secrets)
  const waits = users.length > 0 ? [`TenantsLeft: ${tenantsLeft(users)}`] : []
  const end = finalizerRemoved(pipeline, finalizer)
  if (!address) return { changes: [end], notes: [...waits, ...noteMissing(pipeline.metadata.namespace, secrets.missing)] } // prettier-ignore
  const key = objectKey(pipeline.metadata)
  const erased = await context.withStores(key, address, stores => erasures(context, pipeline, stores))
  const after = users.length > 0 ? { after: 'its RagTenants are deleted' } : {}
  const changes = [...erased.changes, end].map(change => ({ ...change, ...after }))
  // Tenants of its RagTenants are told already.
  return { changes, notes: users.length > 0 ? waits : erased.notes }
}

/** As {@link removePipeline} would do it: tenants that nothing else removes, then what they had in common. */
async function erasures(context: OperatorContext, pipeline: Pipeline, stores: ProvisioningStores): Promise<Planned> {
  const wish = pipelineRemoval(context, pipeline)
  const observed = await observePipelineRemoval(stores, wish)
  const changes: Forecast[] = []
  const orphans = orphanRemovals(wish, observed)
  for (const orphan of orphans) {
    const found = await observeTenantRemoval(stores, orphan, noVault)
    const erasure = await forecastTenantErasure(stores, orphan.slug, found)
    changes.push(...planTenantRemoval(orphan, found).steps.flatMap(step => describeStep(step, { ...words(stores), erasure }))) // prettier-ignore
  }
  const erasure = await forecastPipelineErasure(stores, observed)
  const { steps } = planPipelineRemoval(wish, { ...observed, tenants: [] })
  const others = observed.tenants.filter(({ slug }) => !orphans.some(orphan => orphan.slug === slug))
  const { obstacles } = planPipelineRemoval(wish, { ...observed, tenants: others })
  changes.push(...steps.flatMap(step => describeStep(step, { ...words(stores), erasure })))
  return { changes, notes: noteObstacles(obstacles) }
}

function words({ vectors }: ProvisioningStores) {
  return { engine: vectors.engine, vaultOf: (name: string) => name, erasure: null }
}
