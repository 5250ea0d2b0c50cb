import type { Owner } from '../contract/ownership.ts'
import { defined } from '../contract/defined.ts'
import type { VectorSpace } from '../contract/fingerprint.ts'
import { normalizePrefix } from '../contract/names.ts'
import { analyzerVersion } from '../contract/analyzer.ts'
import { ADOPT_ANNOTATION, RESTORE_ANNOTATION } from '../../crds/definition.ts'
import { durationSeconds } from '../../crds/duration.ts'
import { LOCAL_EMBEDDING } from '../../crds/models.ts'
import { namespaceOf } from '../../crds/pipeline-ref.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { RagTenant, RagTenantSpec } from '../../crds/rag-tenant.ts'
import { declaredSettings } from './declared-settings.ts'
import type { CollectionSettings, DesiredApiKey, DesiredKnowledgeBase, DesiredPipeline, DesiredTenant } from './desired.ts' // prettier-ignore

const DAY = 86_400

/**
 * What a RagPipeline asks for in its stores. The operator and `npm start` both come through here.
 * @param cluster uid of the namespace kube-system, or `standalone`
 */
export function desiredPipeline(pipeline: RagPipeline, cluster: string): DesiredPipeline {
  return {
    owner: ownerOf(pipeline, cluster),
    adopt: adopts(pipeline),
    collectionPrefix: collectionPrefix(pipeline),
    vectors: collectionSettings(pipeline),
  }
}

/** What a RagTenant asks for in the stores of its pipeline. */
export function desiredTenant(tenant: RagTenant, pipeline: RagPipeline, cluster: string): DesiredTenant {
  const { spec, metadata } = tenant
  const restore = metadata.annotations?.[RESTORE_ANNOTATION]
  return {
    slug: metadata.name,
    displayName: spec.displayName ?? metadata.name,
    plan: spec.plan,
    isolation: spec.isolation,
    disabled: spec.suspended,
    quotas: spec.quotas,
    managedBy: 'resource',
    owner: ownerOf(tenant, cluster),
    adopt: adopts(tenant),
    collectionPrefix: collectionPrefix(pipeline),
    vectors: collectionSettings(pipeline),
    knowledgeBases: spec.knowledgeBases.map(desiredKnowledgeBase),
    apiKeys: spec.apiKeys.map(desiredApiKey),
    ...settingsOf(spec),
    ...(restore === undefined ? {} : { restore }),
  }
}

/** Without a uid (YAML files) the resource's name stands for it: a second start must find its own markers. */
export function ownerOf(resource: RagPipeline | RagTenant, cluster: string): Owner {
  const name = `${resource.kind}/${namespaceOf(resource)}/${resource.metadata.name}`
  return { cluster, uid: resource.metadata.uid ?? name, name }
}

export function collectionPrefix(pipeline: RagPipeline): string {
  return normalizePrefix(pipeline.spec.vectors.collectionPrefix ?? pipeline.metadata.name)
}

/** Null in lexical mode. The distance is always cosine: every embedder gives unit vectors. */
export function vectorSpace(pipeline: RagPipeline): VectorSpace | null {
  const embedding = pipeline.spec.models.embedding
  if (embedding.provider === 'none') return null
  const { model, dimension } = { ...LOCAL_EMBEDDING, ...defined(embedding) }
  return { model, dimension, distance: 'cosine', analyzer: analyzerVersion }
}

function collectionSettings(pipeline: RagPipeline): CollectionSettings {
  const { hnsw, quantization, onDisk, shardNumber, replicationFactor } = pipeline.spec.vectors
  return {
    space: vectorSpace(pipeline),
    hnsw,
    onDisk,
    ...(quantization === 'none' ? {} : { quantization }),
    ...(shardNumber === undefined ? {} : { shardNumber }),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
  }
}

function desiredKnowledgeBase(base: RagTenantSpec['knowledgeBases'][number]): DesiredKnowledgeBase {
  return {
    name: base.name,
    description: base.description,
    chunking: defined(base.chunking),
    retrieval: defined(base.retrieval),
    ...settingsOf(base),
  }
}

function settingsOf({ models, answering }: Pick<RagTenantSpec, 'models' | 'answering'>) {
  const settings = declaredSettings(models && defined(models), answering && defined(answering))
  return Object.keys(settings).length > 0 ? { settings } : {}
}

/** Unless the resource says otherwise, a replaced key works for a day, or for half of the period if that is shorter. */
function desiredApiKey(key: RagTenantSpec['apiKeys'][number]): DesiredApiKey {
  const rotateAfterSeconds = key.rotateAfter === undefined ? undefined : durationSeconds(key.rotateAfter)
  return {
    name: key.name,
    role: key.role,
    overlapSeconds:
      key.rotationOverlap === undefined
        ? Math.min(DAY, Math.floor((rotateAfterSeconds ?? Infinity) / 2))
        : durationSeconds(key.rotationOverlap),
    ...(key.knowledgeBases ? { knowledgeBases: key.knowledgeBases } : {}),
    ...(rotateAfterSeconds === undefined ? {} : { rotateAfterSeconds }),
  }
}

/** Whether it is to take over what bears another's marker. */
export function adopts(resource: RagPipeline | RagTenant): boolean {
  return resource.metadata.annotations?.[ADOPT_ANNOTATION] === 'true'
}
