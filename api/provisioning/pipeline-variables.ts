import type { VariableName } from '../contract/configuration.ts'
import { collectionPrefix, vectorSpace } from './from-resource.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { ReservedVariable } from '../../crds/reserved-variables.ts'

/** Names that the API does not read, or that people may set by `env`, do not type-check here. */
type Settings = Partial<Record<ReservedVariable & VariableName, string | number | boolean | undefined>>

/**
 * What a RagPipeline says to the API, as the variables that the API reads; secrets and where the stores are stay out. The
 * operator renders them into the pods' ConfigMap and `npm start` gives them to itself, so a field means the same in both.
 */
export function pipelineVariables(pipeline: RagPipeline): Partial<Record<ReservedVariable, string>> {
  const { spec } = pipeline
  return present({
    LOG_LEVEL: spec.logLevel,
    QDRANT_COLLECTION_PREFIX: collectionPrefix(pipeline),
    RATE_LIMIT_PER_MINUTE: spec.rateLimit.requestsPerMinute,
    ...modelVariables(pipeline),
    CHUNKING_CHUNKER: spec.chunking.chunker,
    CHUNKING_SIZE: spec.chunking.chunkSize,
    CHUNKING_OVERLAP: spec.chunking.chunkOverlap,
    CHUNKING_ENRICHERS: spec.chunking.enrichers.join(','),
    RETRIEVAL_DEFAULT_RETRIEVER: spec.retrieval.defaultRetriever,
    RETRIEVAL_TOP_K: spec.retrieval.topK,
    RETRIEVAL_SCORE_THRESHOLD: spec.retrieval.scoreThreshold,
    RETRIEVAL_RERANK: spec.retrieval.rerank,
    RETRIEVAL_QUERY_TRANSFORM: spec.retrieval.queryTransform,
    RETRIEVAL_CONTEXT_WINDOW: spec.retrieval.contextWindow,
    ENABLE_EMBEDDING_CACHE: spec.caching.embedding.enabled,
    EMBEDDING_CACHE_TTL: spec.caching.embedding.ttlSeconds,
    ENABLE_LLM_CACHE: spec.caching.llm.enabled,
    LLM_CACHE_TTL: spec.caching.llm.ttlSeconds,
    ENABLE_RETRIEVAL_CACHE: spec.caching.retrieval.enabled,
    RETRIEVAL_CACHE_TTL: spec.caching.retrieval.ttlSeconds,
    CORS_ORIGINS: spec.cors.origins.join(','),
    ALLOWED_HOSTS: spec.allowedHosts.join(','),
    WORKER_CONCURRENCY: spec.worker.concurrency,
  })
}

function modelVariables(pipeline: RagPipeline): Settings {
  const { embedding, llm, reranker } = pipeline.spec.models
  const space = vectorSpace(pipeline)
  return {
    EMBEDDING_PROVIDER: embedding.provider,
    EMBEDDING_MODEL: space?.model,
    EMBEDDING_DIM: space?.dimension,
    EMBEDDING_BASE_URL: embedding.baseUrl,
    EMBEDDING_BATCH_SIZE: embedding.batchSize,
    LLM_PROVIDER: llm.provider,
    LLM_MODEL: llm.model,
    LLM_BASE_URL: llm.baseUrl,
    LLM_FALLBACKS: llm.fallbacks.join(','),
    LLM_CHOICES: llm.choices.join(','),
    RERANK_PROVIDER: reranker.provider,
    RERANK_MODEL: reranker.model,
    RERANK_BASE_URL: reranker.baseUrl,
    RERANK_CHOICES: reranker.choices.join(','),
  }
}

/** An empty value counts as unset (api/contract/configuration.ts), so it is not rendered. */
export function present<Name extends string>(
  settings: Partial<Record<Name, string | number | boolean | undefined>>,
): Partial<Record<Name, string>> {
  const entries = Object.entries<string | number | boolean | undefined>(settings)
  const rendered = entries.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  return Object.fromEntries(rendered) as Partial<Record<Name, string>>
}
