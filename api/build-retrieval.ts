import type { Knex } from 'knex'
import type { Logger } from 'pino'
import { readAnswering } from './contract/answering.ts'
import { type ChunkerName, chunkerNames } from './contract/chunking.ts'
import { defined } from './contract/defined.ts'
import type { Configuration } from './contract/configuration.ts'
import type { VectorSpace } from './contract/fingerprint.ts'
import { readModelChoice } from './contract/model-reference.ts'
import type { RetrievalSettings } from './contract/retrieval.ts'
import type { Metrics } from './metrics.ts'
import { observedRetriever } from './metrics/observed-providers.ts'
import type { Embedder } from './providers/embedders/embedder.ts'
import { CollectionGenerations } from './retrieval/collection-generations.ts'
import { createRetrievers } from './retrieval/index.ts'
import { LexicalStatisticsCache } from './retrieval/lexical-statistics-cache.ts'
import { storedMetadataFields } from './retrieval/metadata-fields/stored-metadata-fields.ts'
import { storedPassages } from './retrieval/passages/stored-passages.ts'
import { QueryEmbedder } from './retrieval/query-embedder.ts'
import { storedSummaryTrees } from './retrieval/summary-trees/stored-summary-trees.ts'
import { AnsweringService } from './services/answering.ts'
import { KnowledgeBaseDirectory, type SearchableKnowledgeBase } from './services/knowledge-base-directory.ts'
import { LlmCache } from './services/llm-cache.ts'
import type { RequestModels } from './services/request-models.ts'
import { RetrievalService } from './services/retrieval.ts'
import { RetrievalCache } from './services/retrieval-cache.ts'
import type { SystemConfigService } from './services/system-config.ts'
import { activeGeneration } from './stores/postgres/embedding-generations.ts'
import { allKnowledgeBases, knowledgeBaseVersions } from './stores/postgres/knowledge-bases.ts'
import type { KnowledgeBaseRow } from './stores/postgres/rows.ts'
import { readStatistics } from './stores/postgres/lexical-statistics.ts'
import { inTenant } from './stores/postgres/tenant-scope.ts'
import type { Cache } from './stores/caches/cache.ts'
import type { VectorStore } from './stores/vectors/vector-store.ts'
import type { UsageMeter } from './usage/usage-meter.ts'

export interface RetrievalIngredients {
  readonly configuration: Configuration
  readonly stores: { readonly database: Knex; readonly vectors: VectorStore }
  readonly embedding: { readonly embedder: Embedder; readonly space: VectorSpace } | null
  readonly models: RequestModels
  readonly cache: Cache
  readonly systemConfig: SystemConfigService
  readonly metrics: Metrics
  readonly usage: UsageMeter
  readonly log: Logger
  readonly now: () => Date
}

/** The part of the application that answers questions, with the caches between it and the stores. */
export function buildRetrieval(ingredients: RetrievalIngredients) {
  const { configuration, stores, embedding, models, cache, systemConfig, metrics, usage, log, now } = ingredients
  const { database, vectors } = stores
  const lifetimes = cacheLifetimes(configuration)
  const embedder = embedding && new QueryEmbedder(embedding.embedder, embedding.space, cache, lifetimes.embedding)
  const stale = (what: string) => (error: unknown) =>
    log.warn({ err: error }, `could not refresh ${what}; the old ones stay in use`)
  const statistics = new LexicalStatisticsCache(
    (scope, ids) => inTenant(database, scope, tenant => readStatistics(tenant, ids)),
    now,
    stale('lexical statistics'),
  )
  const generations = new CollectionGenerations(alias => activeGeneration(database, alias))
  const directory = new KnowledgeBaseDirectory(async scope => {
    const rows = await inTenant(database, scope, allKnowledgeBases)
    const live = rows.filter(row => row.deleted_at === null)
    return live.map(row => searchable(row, configuration.chunking.chunker))
  })
  const passages = storedPassages(database)
  const fields = storedMetadataFields(database)
  const plain = createRetrievers({
    vectors,
    embedder,
    statistics,
    generations,
    passages,
    fields,
    summaryTrees: storedSummaryTrees(database, { now, onRefreshError: stale('trees of summaries') }),
  })
  const observed = Object.entries(plain).map(([name, retriever]) => [name, observedRetriever(retriever, metrics)])
  const retrievers = Object.fromEntries(observed) as typeof plain
  const defaults = async () => ({
    ...environmentDefaults(configuration),
    ...defined((await systemConfig.current()).retrieval),
  })
  const retrievalCache = new RetrievalCache({
    cache,
    ttlSeconds: lifetimes.retrieval,
    versions: scope => inTenant(database, scope, knowledgeBaseVersions),
    settings: async () => [await defaults(), embedder?.fingerprint ?? null],
    refresh: scope => directory.invalidate(scope.tenantId),
  })
  const retrieval = new RetrievalService({
    retrievers,
    stores: { vectors, passages },
    knowledgeBases: directory,
    defaults,
    embedder,
    models,
    cache: lifetimes.retrieval > 0 ? retrievalCache : null,
    usage,
  })
  const llmCache = new LlmCache(cache, lifetimes.llm)
  const answering = new AnsweringService({ retrieval, knowledgeBases: directory, statistics, models, llmCache, usage })
  return { retrieval, answering, directory }
}

function searchable(row: KnowledgeBaseRow, usual: ChunkerName): SearchableKnowledgeBase {
  const { id, name, description, created_at: createdAt, chunking, retrieval, settings } = row
  const answering = readAnswering(settings)
  const models = readModelChoice(settings)
  return { id, name, description, createdAt, chunker: ownChunker(chunking) ?? usual, retrieval, answering, models }
}

/** A name that another version wrote and this one does not know is none. */
function ownChunker(chunking: Readonly<Record<string, unknown>>): ChunkerName | undefined {
  return chunkerNames.find(name => name === chunking['chunker'])
}

function environmentDefaults(configuration: Configuration): RetrievalSettings {
  const scoreThreshold = configuration.RETRIEVAL_SCORE_THRESHOLD
  return {
    defaultRetriever: configuration.RETRIEVAL_DEFAULT_RETRIEVER,
    topK: configuration.RETRIEVAL_TOP_K,
    rerank: configuration.RETRIEVAL_RERANK,
    queryTransform: configuration.RETRIEVAL_QUERY_TRANSFORM,
    contextWindow: configuration.RETRIEVAL_CONTEXT_WINDOW,
    ...(scoreThreshold !== undefined && { scoreThreshold }),
  }
}

/** Seconds; 0 = nothing is remembered. */
function cacheLifetimes(configuration: Configuration) {
  return {
    embedding: configuration.ENABLE_EMBEDDING_CACHE ? configuration.EMBEDDING_CACHE_TTL : 0,
    llm: configuration.ENABLE_LLM_CACHE ? configuration.LLM_CACHE_TTL : 0,
    retrieval: configuration.ENABLE_RETRIEVAL_CACHE ? configuration.RETRIEVAL_CACHE_TTL : 0,
  }
}
