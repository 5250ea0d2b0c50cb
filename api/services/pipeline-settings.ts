import { analyzerVersion } from '../contract/analyzer.ts'
import type { Configuration } from '../contract/configuration.ts'
import type { VectorSpace } from '../contract/fingerprint.ts'
import type { Owner } from '../contract/ownership.ts'
import type { CollectionSettings, DesiredPipeline } from '../provisioning/desired.ts'

/** Of what was made by requests to /admin, and not by a resource. */
export const API_CLUSTER = 'api'

const pipelineOwner: Owner = { cluster: API_CLUSTER, uid: 'pipeline', name: 'the HTTP API' }

/** As the CRD's defaults have them; the environment says nothing about graphs. */
const hnsw = { m: 16, efConstruct: 100, fullScanThreshold: 10_000 } as const

/** The vectors that this process makes; null in lexical mode. Pure. */
export function configuredSpace(configuration: Configuration): VectorSpace | null {
  if (configuration.EMBEDDING_PROVIDER === 'none') return null
  const { EMBEDDING_MODEL: model, EMBEDDING_DIM: dimension } = configuration
  return { model, dimension, distance: 'cosine', analyzer: analyzerVersion }
}

export function configuredCollections(space: VectorSpace | null): CollectionSettings {
  return { space, hnsw }
}

/** What the stores must hold for a pipeline that no resource describes (Compose, a single machine). */
export function configuredPipeline(configuration: Configuration, space: VectorSpace | null): DesiredPipeline {
  return {
    owner: pipelineOwner,
    adopt: false,
    collectionPrefix: configuration.QDRANT_COLLECTION_PREFIX,
    vectors: configuredCollections(space),
  }
}
