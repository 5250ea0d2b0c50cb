import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { RagTenant } from '../../crds/rag-tenant.ts'
import type { ApplyContext, ProvisioningStores } from '../provisioning/stores.ts'
import type { Home } from './home.ts'
import { type Outcome, reconcilePipeline, reconcileTenant } from './reconcile.ts'
import type { LoadedResource } from './resource-folder.ts'

/** The resources of a folder, sorted by what they are. */
export interface ResourceSet {
  readonly pipeline: RagPipeline
  readonly tenants: readonly RagTenant[]
}

/** Nothing can be started from what the folder holds; the lines say why. */
export class UnusableResources extends Error {
  override readonly name = 'UnusableResources'
}

/** @throws UnusableResources when a file is wrong, or there is not exactly one pipeline */
export function selectResources(folder: string, loaded: readonly LoadedResource[]): ResourceSet {
  const faults = loaded.flatMap(item => (item.ok ? [] : item.faults.map(fault => `${item.source}: ${fault}`)))
  if (faults.length > 0) throw new UnusableResources(faults.join('\n'))
  const resources = loaded.flatMap(item => (item.ok ? [item.resource] : []))
  const [pipeline, ...more] = resources.filter(resource => resource.kind === 'RagPipeline')
  if (!pipeline || more.length > 0)
    throw new UnusableResources(`${folder} must hold one RagPipeline, and holds ${more.length + (pipeline ? 1 : 0)}`)
  return { pipeline, tenants: resources.filter(resource => resource.kind === 'RagTenant') }
}

/** Applies the pipeline, then its tenants; one that is in the way of itself does not keep the others out. */
export async function applyResources(
  stores: ProvisioningStores,
  { pipeline, tenants }: ResourceSet,
  home: Home,
  lexical: boolean,
  context: Pick<ApplyContext, 'now'>,
): Promise<Outcome[]> {
  const effective = lexical ? withoutEmbedding(pipeline) : pipeline
  const outcomes = [await reconcilePipeline(stores, effective, context)]
  if (!outcomes[0]?.ready) return outcomes
  for (const tenant of tenants) outcomes.push(await reconcileTenant(stores, tenant, effective, home, context))
  return outcomes
}

/** Without a model at hand there is nothing that could make vectors: the collections are for BM25 only. */
function withoutEmbedding(pipeline: RagPipeline): RagPipeline {
  const embedding = { provider: 'none' as const, batchSize: pipeline.spec.models.embedding.batchSize }
  return { ...pipeline, spec: { ...pipeline.spec, models: { ...pipeline.spec.models, embedding } } }
}
