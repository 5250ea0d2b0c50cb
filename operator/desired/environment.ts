import type { VariableName } from '../../api/contract/configuration.ts'
import { collectionPrefix, vectorSpace } from '../../api/provisioning/from-resource.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { ReservedVariable } from '../../crds/reserved-variables.ts'
import { ADMIN_TOKEN_KEY } from './admin-token.ts'
import { names, PORT } from './names.ts'

/** `ENVIRONMENT` alone may be overridden by `env`: samples with example secrets need `development`. */
type RenderedVariable = ReservedVariable | 'ENVIRONMENT'

export interface SecretVariable {
  readonly name: ReservedVariable
  readonly secret: { readonly name: string; readonly key: string }
}

/** Values of variables that are no secrets; they go to the ConfigMap. Names that the API does not read do not type-check. */
export function plainVariables(pipeline: RagPipeline): Partial<Record<RenderedVariable, string>> {
  const { spec } = pipeline
  return present({
    ENVIRONMENT: 'production',
    HOST: '0.0.0.0',
    PORT,
    LOG_LEVEL: spec.logLevel,
    ...postgresVariables(spec.postgres),
    VECTOR_ENGINE: spec.vectors.engine,
    QDRANT_URL: spec.vectors.url,
    QDRANT_COLLECTION_PREFIX: collectionPrefix(pipeline),
    RATE_LIMIT_STORAGE: spec.redis ? 'redis' : 'memory',
    RATE_LIMIT_PER_MINUTE: spec.rateLimit.requestsPerMinute,
    ...modelVariables(pipeline),
    CHUNKING_CHUNKER: spec.chunking.chunker,
    CHUNKING_SIZE: spec.chunking.chunkSize,
    CHUNKING_OVERLAP: spec.chunking.chunkOverlap,
    RETRIEVAL_DEFAULT_RETRIEVER: spec.retrieval.defaultRetriever,
    RETRIEVAL_TOP_K: spec.retrieval.topK,
    RETRIEVAL_SCORE_THRESHOLD: spec.retrieval.scoreThreshold,
    ENABLE_EMBEDDING_CACHE: spec.caching.embedding.enabled,
    EMBEDDING_CACHE_TTL: spec.caching.embedding.ttlSeconds,
    CORS_ORIGINS: spec.cors.origins.join(','),
    ALLOWED_HOSTS: spec.allowedHosts.join(','),
    WORKER_CONCURRENCY: spec.worker.concurrency,
  })
}

/** Variables whose values stay in Secrets. */
export function secretVariables(pipeline: RagPipeline): SecretVariable[] {
  const { postgres, vectors, redis, models } = pipeline.spec
  const credentials = postgres.credentialsSecretRef
  const references: Partial<Record<ReservedVariable, { name: string; key: string } | undefined>> = {
    DATABASE_URL: postgres.urlSecretRef,
    PGUSER: credentials && { name: credentials.name, key: credentials.usernameKey },
    PGPASSWORD: credentials && { name: credentials.name, key: credentials.passwordKey },
    QDRANT_API_KEY: vectors.apiKeySecretRef,
    REDIS_URL: redis?.urlSecretRef,
    EMBEDDING_API_KEY: models.embedding.apiKeySecretRef,
    LLM_API_KEY: models.llm.apiKeySecretRef,
    ADMIN_TOKEN: { name: names.adminTokenSecret(pipeline), key: ADMIN_TOKEN_KEY },
  }
  return Object.entries(references).flatMap(([name, secret]) =>
    secret ? [{ name: name as ReservedVariable, secret: { name: secret.name, key: secret.key } }] : [],
  )
}

type Settings = Partial<Record<RenderedVariable & VariableName, string | number | boolean | undefined>>

/** With a URL, host and database are in it. */
function postgresVariables({ host, port, database, sslMode, pool }: RagPipeline['spec']['postgres']): Settings {
  const connection = host ? { PGHOST: host, PGPORT: port, PGDATABASE: database, PGSSLMODE: sslMode } : {}
  return { ...connection, DB_POOL_SIZE: pool.min, DB_MAX_OVERFLOW: pool.max - pool.min }
}

function modelVariables(pipeline: RagPipeline): Settings {
  const { embedding, llm } = pipeline.spec.models
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
  }
}

/** An empty value counts as unset (api/contract/configuration.ts), so it is not rendered. */
function present(settings: Settings): Partial<Record<RenderedVariable, string>> {
  const entries = Object.entries(settings).map(([name, value]) => [name, String(value ?? '')] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== ''))
}
