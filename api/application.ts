import { Redis } from 'ioredis'
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { Configuration } from './contract/configuration.ts'
import type { VectorSpace } from './contract/fingerprint.ts'
import { AllowedHosts } from './fetching/allowed-hosts.ts'
import { PublicNetwork } from './fetching/public-network.ts'
import { DocumentFetcher } from './fetching/fetch-document.ts'
import type { Gate } from './http/identify.ts'
import { RateLimit } from './http/rate-limit.ts'
import type { EmbeddingPart } from './ingestion/ingestion-parts.ts'
import { JobQueue } from './ingestion/queue.ts'
import { submitJobs } from './ingestion/submit-jobs.ts'
import { Metrics } from './metrics.ts'
import { observeDatabase, poolStatistics } from './metrics/database-metrics.ts'
import { observeIsolation } from './metrics/isolation-metrics.ts'
import { observeQuotas } from './metrics/quota-metrics.ts'
import { observedCache } from './metrics/observed-cache.ts'
import { type Counters, observedEmbedder } from './metrics/observed-providers.ts'
import type { EmbedderResult } from './providers/embedders/index.ts'
import { guardedEmbedder } from './providers/guarded-models.ts'
import { ModelGuards } from './model-guards.ts'
import { buildModels } from './build-models.ts'
import { buildRetrieval } from './build-retrieval.ts'
import { ApiKeyService } from './services/api-keys.ts'
import { AuditService } from './services/audit.ts'
import { CacheSweeper } from './services/cache-sweeper.ts'
import { AuthenticationService } from './services/authentication.ts'
import { EmbeddingService } from './services/embeddings.ts'
import { DeniedAccess } from './services/denied-access.ts'
import { PostgresDocumentService } from './services/documents/document-service.ts'
import { KnowledgeBaseService } from './services/knowledge-bases.ts'
import { ModelCatalogue } from './services/model-catalogue.ts'
import { configuredPipeline, configuredSpace } from './services/pipeline-settings.ts'
import { databaseProbe, embeddingProbe, redisProbe, vectorProbe } from './services/probes.ts'
import { ReadinessService } from './services/readiness.ts'
import type { Services } from './services/services.ts'
import { StatisticsService } from './services/statistics.ts'
import { SystemConfigService } from './services/system-config.ts'
import { TenantService } from './services/tenants.ts'
import { UsageService } from './services/usage.ts'
import { WebhookService } from './services/webhooks.ts'
import { WebhookDispatcher } from './webhooks/webhook-dispatcher.ts'
import { Cache } from './stores/caches/cache.ts'
import { MemoryCache } from './stores/caches/memory-cache.ts'
import { RedisCache } from './stores/caches/redis-cache.ts'
import { databaseSettings, openDatabase } from './stores/postgres/database.ts'
import { addUsage } from './stores/postgres/usage.ts'
import { PgVectorStore } from './stores/vectors/pgvector/pg-vector-store.ts'
import { QdrantVectorStore } from './stores/vectors/qdrant/qdrant-vector-store.ts'
import type { VectorStore } from './stores/vectors/vector-store.ts'
import { traceHeaders } from './tracing/tracing.ts'
import { UsageMeter } from './usage/usage-meter.ts'

export interface ApplicationOptions {
  readonly configuration: Configuration
  /** From createEmbedder; the application closes it. */
  readonly embedding: EmbedderResult
  /** Shown in pg_stat_activity: `selfrag-api`. */
  readonly name: string
  readonly version: string
  readonly log: Logger
  readonly now: () => Date
  /** Whether this process also runs jobs, and so watches for those of workers that died. */
  readonly works: boolean
  /** How often cached results of deleted tenants are looked for; default: a minute. */
  readonly sweepCacheEveryMs?: number
}

/** What the API, the worker and the standalone mode are made of. */
export interface Application {
  readonly configuration: Configuration
  readonly log: Logger
  readonly metrics: Metrics
  readonly stores: { readonly database: Knex; readonly vectors: VectorStore }
  readonly cache: Cache
  readonly queue: JobQueue
  /** Null in lexical mode. */
  readonly embedding: EmbeddingPart | null
  readonly now: () => Date
  readonly services: Services
  readonly gate: Gate
  readonly denied: DeniedAccess
  /** Counts what tenants use. */
  readonly usage: UsageMeter
  /** Sends what the outbox holds; started by processes that work. */
  readonly webhooks: WebhookDispatcher
  /** Ends connections and the model; requests and jobs must have ended before. */
  close(): Promise<void>
}

/** Puts everything together. Opens no connection: what is not there is told by /ready and found when it comes. */
export function buildApplication(options: ApplicationOptions): Application {
  const { configuration, log, now, version } = options
  const metrics = new Metrics()
  const database = openDatabase(databaseSettings(configuration, options.name))
  observeDatabase(database, metrics, configuration.DB_POOL_SIZE + configuration.DB_MAX_OVERFLOW)
  observeIsolation({ database, scheduled: configuration.SCHEDULED_ISOLATION_CHECK === 'daily', now }, metrics)
  if (configuration.METRICS_TENANT_LABEL && options.works) observeQuotas({ database, now, log }, metrics)
  const vectors = openVectors(configuration, database)
  const stores = { database, vectors }
  const redis = openRedis(configuration, log)
  const cache = new Cache(redis ? new RedisCache(redis) : new MemoryCache(CACHE_BYTES), observedCache(metrics, log))
  const queue = new JobQueue({ database, log, supervise: options.works })
  const guards = new ModelGuards(metrics)
  const usage = new UsageMeter({ write: counts => addUsage(database, counts), now, log })
  const embedding = embeddingOf(options, guards, { metrics, usage })
  const systemConfig = new SystemConfigService(database, now)
  const models = buildModels({ configuration, systemConfig, guards, metrics, usage, log })
  const retrieval = buildRetrieval({
    configuration,
    stores,
    embedding,
    models,
    cache,
    systemConfig,
    metrics,
    usage,
    log,
    now,
  })
  const authentication = new AuthenticationService({
    database,
    now,
    log,
    requestsPerMinute: async () => (await systemConfig.current()).requestsPerMinute ?? configuration.RATE_LIMIT_PER_MINUTE, // prettier-ignore
  })
  const apiKeys = new ApiKeyService({ database, authentication, now })
  const pipeline = configuredPipeline(configuration, embedding?.space ?? null)
  const services: Services = {
    version,
    apiKeys,
    systemConfig,
    retrieval: retrieval.retrieval,
    answering: retrieval.answering,
    requestModels: models,
    embeddings: new EmbeddingService(embedding?.embedder ?? null),
    models: new ModelCatalogue({
      knowledgeBases: retrieval.directory,
      llms: models.llms,
      embedding: embedding?.embedder ?? null,
    }),
    webhooks: new WebhookService({ database, now }),
    usage: new UsageService({ database, meter: usage, now }),
    audit: new AuditService(database),
    documents: new PostgresDocumentService({ ...stores, cache, queue, log, fetcher: fetcherOf(configuration) }),
    tenants: new TenantService({ stores, cache, pipeline, apiKeys, authentication, systemConfig, now }),
    knowledgeBases: new KnowledgeBaseService({
      database,
      chunking: configuration.chunking,
      longestChunk: embedding?.embedder.maxInputCharacters ?? Infinity,
      models,
      directory: retrieval.directory,
      deletion: {
        prepare: () => queue.start(),
        enqueue: (tenant, knowledgeBaseId) =>
          submitJobs(tenant, queue, [{ kind: 'delete-knowledge-base', knowledgeBaseId }]),
        committed: () => queue.wake(),
        forget: owner => cache.purge(owner),
      },
      summaries: {
        prepare: () => queue.start(),
        enqueue: (tenant, knowledgeBaseId) => submitJobs(tenant, queue, [{ kind: 'summarize', knowledgeBaseId }]),
      },
    }),
    readiness: new ReadinessService(
      [
        databaseProbe(database),
        vectorProbe(vectors),
        ...(redis ? [redisProbe(redis)] : []),
        embeddingProbe(embeddingMode(options, embedding?.space ?? null)),
      ],
      now,
    ),
    statistics: new StatisticsService(metrics, factsOf(options, embedding?.space ?? null), () => poolStatistics(database), now), // prettier-ignore
  }
  const network = new PublicNetwork({ allowed: new AllowedHosts(configuration.FETCH_ALLOWED_HOSTS) })
  const webhooks = new WebhookDispatcher({ database, network, now, log })
  const sweeper = new CacheSweeper({ database, cache, log, everyMs: options.sweepCacheEveryMs ?? 60_000 })
  // What all share is swept by those who work; memory by its own process.
  if (options.works || cache.storage === 'memory') sweeper.start()
  return {
    configuration,
    log,
    metrics,
    stores,
    cache,
    queue,
    embedding,
    now,
    services,
    gate: {
      authentication,
      rateLimit: new RateLimit(configuration.RATE_LIMIT_STORAGE === 'redis' ? redis : null),
      adminTokens: [configuration.ADMIN_TOKEN, configuration.ADMIN_TOKEN_PREVIOUS].filter(token => token !== undefined),
    },
    denied: new DeniedAccess(database, log, now),
    usage,
    webhooks,
    async close() {
      await sweeper.stop()
      await webhooks.stop()
      await queue.stop(1000)
      await usage.stop()
      redis?.disconnect()
      await embedding?.embedder.close()
      await vectors.close()
      await database.destroy()
    },
  }
}

/** Room for some tens of thousands of questions, or some thousands of retrievals. */
const CACHE_BYTES = 64 * 1024 * 1024

function fetcherOf({ FETCH_ALLOWED_HOSTS, FETCH_TIMEOUT_SECONDS, MAX_BODY_MB }: Configuration): DocumentFetcher {
  return new DocumentFetcher({
    allowed: new AllowedHosts(FETCH_ALLOWED_HOSTS),
    maxBytes: MAX_BODY_MB * 1024 * 1024,
    timeoutMs: FETCH_TIMEOUT_SECONDS * 1000,
  })
}

function openVectors(configuration: Configuration, database: Knex): VectorStore {
  if (configuration.VECTOR_ENGINE === 'pgvector') return new PgVectorStore({ database })
  const { QDRANT_URL: url, QDRANT_API_KEY: apiKey, QDRANT_TIMEOUT_SECONDS: seconds } = configuration
  if (!url) throw new TypeError('QDRANT_URL is not set; parseConfiguration must come first')
  return new QdrantVectorStore({ url, headers: traceHeaders, timeoutMs: seconds * 1000, ...(apiKey !== undefined && { apiKey }) }) // prettier-ignore
}

function openRedis(configuration: Configuration, log: Logger): Redis | null {
  if (!configuration.REDIS_URL) return null
  const redis = new Redis(configuration.REDIS_URL, {
    lazyConnect: true,
    // Requests count in memory while Redis is away; they must not wait for it.
    enableOfflineQueue: false,
    // Commands of one turn of the event loop travel together: the budgets of a request are one round trip.
    enableAutoPipelining: true,
    maxRetriesPerRequest: 1,
    connectTimeout: 2000,
    commandTimeout: 1000,
    retryStrategy: attempt => Math.min(attempt * 200, 2000),
  })
  // ioredis reports every attempt; the state is in /ready.
  redis.on('error', error => log.debug({ err: error }, 'no connection to Redis'))
  redis.connect().catch(() => undefined)
  return redis
}

function embeddingOf(
  { embedding: { embedder }, configuration }: ApplicationOptions,
  guards: ModelGuards,
  counters: Counters,
): EmbeddingPart | null {
  const space = configuredSpace(configuration)
  if (!embedder || !space) return null
  // Remote ones limit their calls themselves.
  const guarded = guardedEmbedder(embedder, guards.of('embedding', embedder, 1))
  return { embedder: observedEmbedder(guarded, counters), space }
}

function embeddingMode({ embedding, configuration }: ApplicationOptions, space: VectorSpace | null) {
  if (space) return { provider: configuration.EMBEDDING_PROVIDER, space }
  return { space: null, reason: embedding.embedder ? 'EMBEDDING_PROVIDER is none' : embedding.reason }
}

function factsOf({ configuration, version, now }: ApplicationOptions, space: VectorSpace | null) {
  return {
    version,
    environment: configuration.ENVIRONMENT,
    startedAt: now(),
    llm: { provider: configuration.LLM_PROVIDER, model: configuration.LLM_MODEL ?? null },
    embedding: {
      provider: space ? configuration.EMBEDDING_PROVIDER : 'none',
      model: space?.model ?? null,
      dimension: space?.dimension ?? null,
    },
    poolSize: configuration.DB_POOL_SIZE,
  }
}
