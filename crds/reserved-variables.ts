import type { VariableName } from '../api/contract/configuration.ts'

/**
 * Variables that the operator sets from fields of the RagPipeline, and the field each comes from. `env` may not name
 * them: the same setting in two places is how a choice gets ignored without a word.
 * operator/desired/environment.ts and api/provisioning/pipeline-variables.ts render exactly these.
 */
export const reservedVariables = {
  HOST: 'fixed',
  PORT: 'fixed',
  LOG_LEVEL: 'spec.logLevel',
  DATABASE_URL: 'spec.postgres.urlSecretRef',
  PGHOST: 'spec.postgres.host',
  PGPORT: 'spec.postgres.port',
  PGDATABASE: 'spec.postgres.database',
  PGSSLMODE: 'spec.postgres.sslMode',
  PGUSER: 'spec.postgres.credentialsSecretRef',
  PGPASSWORD: 'spec.postgres.credentialsSecretRef',
  DB_POOL_SIZE: 'spec.postgres.pool.min',
  DB_MAX_OVERFLOW: 'spec.postgres.pool.max',
  VECTOR_ENGINE: 'spec.vectors.engine',
  QDRANT_URL: 'spec.vectors.url',
  QDRANT_API_KEY: 'spec.vectors.apiKeySecretRef',
  QDRANT_COLLECTION_PREFIX: 'spec.vectors.collectionPrefix',
  REDIS_URL: 'spec.redis.urlSecretRef',
  RATE_LIMIT_STORAGE: 'spec.redis',
  RATE_LIMIT_PER_MINUTE: 'spec.rateLimit.requestsPerMinute',
  EMBEDDING_PROVIDER: 'spec.models.embedding.provider',
  EMBEDDING_MODEL: 'spec.models.embedding.model',
  EMBEDDING_DIM: 'spec.models.embedding.dimension',
  EMBEDDING_BASE_URL: 'spec.models.embedding.baseUrl',
  EMBEDDING_API_KEY: 'spec.models.embedding.apiKeySecretRef',
  EMBEDDING_BATCH_SIZE: 'spec.models.embedding.batchSize',
  LLM_PROVIDER: 'spec.models.llm.provider',
  LLM_MODEL: 'spec.models.llm.model',
  LLM_BASE_URL: 'spec.models.llm.baseUrl',
  LLM_API_KEY: 'spec.models.llm.apiKeySecretRef',
  LLM_FALLBACKS: 'spec.models.llm.fallbacks',
  LLM_CHOICES: 'spec.models.llm.choices',
  RERANK_PROVIDER: 'spec.models.reranker.provider',
  RERANK_MODEL: 'spec.models.reranker.model',
  RERANK_BASE_URL: 'spec.models.reranker.baseUrl',
  RERANK_API_KEY: 'spec.models.reranker.apiKeySecretRef',
  RERANK_CHOICES: 'spec.models.reranker.choices',
  CHUNKING_CHUNKER: 'spec.chunking.chunker',
  CHUNKING_SIZE: 'spec.chunking.chunkSize',
  CHUNKING_OVERLAP: 'spec.chunking.chunkOverlap',
  RETRIEVAL_DEFAULT_RETRIEVER: 'spec.retrieval.defaultRetriever',
  RETRIEVAL_TOP_K: 'spec.retrieval.topK',
  RETRIEVAL_SCORE_THRESHOLD: 'spec.retrieval.scoreThreshold',
  ENABLE_EMBEDDING_CACHE: 'spec.caching.embedding.enabled',
  EMBEDDING_CACHE_TTL: 'spec.caching.embedding.ttlSeconds',
  ENABLE_LLM_CACHE: 'spec.caching.llm.enabled',
  LLM_CACHE_TTL: 'spec.caching.llm.ttlSeconds',
  ENABLE_RETRIEVAL_CACHE: 'spec.caching.retrieval.enabled',
  RETRIEVAL_CACHE_TTL: 'spec.caching.retrieval.ttlSeconds',
  CORS_ORIGINS: 'spec.cors.origins',
  ALLOWED_HOSTS: 'spec.allowedHosts',
  ADMIN_TOKEN: 'Secret `<name>-admin-token`',
  WORKER_CONCURRENCY: 'spec.worker.concurrency',
} as const satisfies Partial<Record<VariableName, string>>

export type ReservedVariable = keyof typeof reservedVariables
export const reservedVariableNames = Object.keys(reservedVariables) as readonly ReservedVariable[]
