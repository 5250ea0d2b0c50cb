import type { QueryTransformName, RerankMode, ResultGrouping, RetrievalSettings, RetrieverName } from '../contract/retrieval.ts' // prettier-ignore
import { defined } from '../contract/defined.ts'
import { ApiError } from '../contract/error-codes.ts'
import type { ModelChoice } from '../contract/model-reference.ts'
import type { QueryEmbedder } from '../retrieval/query-embedder.ts'
import type { RetrievalParts } from '../retrieval/parts.ts'
import { retrieveInSteps } from '../retrieval/retrieve-in-steps.ts'
import type { FusionChoice, RetrievedChunk, Retriever } from '../retrieval/retriever.ts'
import { Stopwatch } from '../retrieval/stopwatch.ts'
import { WatchedModels } from '../retrieval/watched-models.ts'
import { parseFilter } from '../retrieval/filters/parse.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import type { KnowledgeBaseDirectory, SearchableKnowledgeBase } from './knowledge-base-directory.ts'
import { choiceOf, describeModels, type RequestModels } from './request-models.ts'
import type { UsageMeter } from '../usage/usage-meter.ts'
import type { RetrievalCache } from './retrieval-cache.ts'
import { upstreamErrors } from './upstream-errors.ts'

/** The most chunks that one retrieval gives. */
export const MOST_RESULTS = 50

/** Longer questions are documents: no embedding model reads them whole, and BM25 would look for every word. */
export const MAX_QUERY_CHARACTERS = 8192

export interface RetrievalRequest {
  readonly query: string
  /** None: all that the key may read. */
  readonly knowledgeBaseIds?: readonly string[] | undefined
  /** 1…50. */
  readonly topK?: number | undefined
  /** Chunks whose final score is lower are left out; see docs/retrieval.md for what scores mean. */
  readonly scoreThreshold?: number | undefined
  /** As it came in JSON. */
  readonly metadataFilter?: unknown
  readonly retriever?: RetrieverName | undefined
  readonly fusion?: FusionChoice | undefined
  /** Models to use instead of the knowledge bases', the tenant's, the system's and the environment's. */
  readonly model?: ModelChoice | undefined
  readonly rerank?: RerankMode | undefined
  readonly queryTransform?: QueryTransformName | undefined
  /** 0…5. */
  readonly contextWindow?: number | undefined
  /** Default: chunks. */
  readonly groupBy?: ResultGrouping | undefined
  readonly signal?: AbortSignal | undefined
}

export interface RetrievalResult {
  readonly chunks: readonly RetrievedChunk[]
  /** The ones that were searched. */
  readonly knowledgeBaseIds: readonly string[]
  readonly retriever: RetrieverName
  readonly requestedRetriever: RetrieverName
  readonly topK: number
  /** What made the query's vector; null when none was needed. */
  readonly embedding: EmbeddingInfo | null
  readonly timingsMs: Readonly<Record<string, number>>
  /** A model failed, and it was done without; the trace says where. */
  readonly degraded: boolean
  readonly trace: Readonly<Record<string, unknown>>
}

export interface EmbeddingInfo {
  readonly provider: string
  readonly model: string
  readonly dimension: number
  readonly fingerprint: string
}

export interface RetrievalServiceParts {
  readonly retrievers: Readonly<Record<RetrieverName, Retriever>>
  /** Of the same stores that the retrievers search. */
  readonly stores: Pick<RetrievalParts, 'vectors' | 'passages'>
  readonly knowledgeBases: KnowledgeBaseDirectory
  /** The pipeline's: what an administrator has set now, else the environment's. */
  readonly defaults: () => Promise<RetrievalSettings>
  readonly embedder: QueryEmbedder | null
  /** Null: nothing is remembered. */
  readonly cache: RetrievalCache | null
  readonly models: RequestModels
  readonly usage: UsageMeter
}

/** Finds chunks for a question inside one caller's scope. */
export class RetrievalService {
  readonly #parts: RetrievalServiceParts

  constructor(parts: RetrievalServiceParts) {
    this.#parts = parts
  }

  /**
   * @throws ApiError VALIDATION_ERROR for a query, filter or model that is none, KB_NOT_FOUND, KB_CONFIG_ERROR when stored and
   *   asked embeddings cannot be compared, UPSTREAM_ERROR when the embedding model fails; the vector store's errors
   */
  async retrieve(scope: TenantScope, request: RetrievalRequest): Promise<RetrievalResult> {
    const { cache, knowledgeBases } = this.#parts
    const searched = await knowledgeBases.resolve(scope, request.knowledgeBaseIds ?? [])
    const models = await this.#parts.models.resolve(scope, searched, request.model)
    // What was found with one model is not what another would have found.
    const wanted = { ...request, model: choiceOf(models) }
    const find = (asked: RetrievalRequest) => this.#timed(scope, asked)
    const found = await (cache ? cache.through(scope, wanted, find) : find(wanted))
    this.#parts.usage.add(scope.tenantId, { retrievals: 1 })
    return { ...found, trace: { ...found.trace, models: describeModels(models) } }
  }

  async #timed(scope: TenantScope, request: RetrievalRequest): Promise<RetrievalResult> {
    const stopwatch = new Stopwatch()
    const found = await stopwatch.time('total', () => this.#find(scope, request, stopwatch))
    return { ...found, timingsMs: { ...found.timingsMs, ...stopwatch.timings } }
  }

  async #find(scope: TenantScope, request: RetrievalRequest, stopwatch: Stopwatch): Promise<RetrievalResult> {
    const text = readableQuery(request.query)
    const filter = request.metadataFilter == null ? undefined : parseFilter(request.metadataFilter)
    const { knowledgeBases, retrievers, stores } = this.#parts
    const searched = await stopwatch.time('resolve', () =>
      knowledgeBases.resolve(scope, request.knowledgeBaseIds ?? []),
    )
    const models = new WatchedModels(await this.#parts.models.resolve(scope, searched, request.model))
    const settings = await this.#settings(request, searched)
    const { defaultRetriever: requestedRetriever, topK, scoreThreshold } = settings
    const ids = searched.map(({ id }) => id)
    const query = {
      text,
      scope,
      knowledgeBaseIds: ids,
      topK,
      models,
      hasParents: searched.some(({ chunker }) => chunker === 'parent_child'),
      ...(request.fusion && { fusion: request.fusion }),
      ...(filter && { filter }),
      ...(request.signal && { signal: request.signal }),
    }
    const steps = { ...settings, transform: settings.queryTransform, groupBy: request.groupBy ?? 'chunk' }
    const retrieval = await upstreamErrors(() =>
      retrieveInSteps(stores, retrievers[requestedRetriever], query, searched, steps),
    )
    return {
      chunks: retrieval.chunks,
      knowledgeBaseIds: ids,
      retriever: retrieval.retriever,
      requestedRetriever,
      topK,
      embedding: retrieval.retriever === 'bm25' ? null : this.#embedding(),
      timingsMs: retrieval.timings,
      degraded: models.failed,
      trace: {
        ...retrieval.trace,
        retriever: retrieval.retriever,
        top_k: topK,
        score_threshold: scoreThreshold ?? null,
        knowledge_base_ids: ids,
        metadata_filter: filter ?? null,
      },
    }
  }

  #embedding(): EmbeddingInfo | null {
    const { embedder } = this.#parts
    if (!embedder) return null
    const { provider, model, space, fingerprint } = embedder
    return { provider, model, dimension: space.dimension, fingerprint }
  }

  /** Request, then knowledge base, then pipeline. */
  async #settings(request: RetrievalRequest, searched: readonly SearchableKnowledgeBase[]): Promise<RetrievalSettings> {
    const defaults = await this.#parts.defaults()
    // No one of several knowledge bases may decide for the others: what they do not agree on is the pipeline's.
    const chosen = <K extends keyof RetrievalSettings>(key: K, asked: RetrievalSettings[K] | undefined) =>
      asked ?? agreed(searched, key) ?? defaults[key]
    return {
      defaultRetriever: chosen('defaultRetriever', request.retriever),
      topK: chosen('topK', request.topK),
      rerank: chosen('rerank', request.rerank),
      queryTransform: chosen('queryTransform', request.queryTransform),
      contextWindow: chosen('contextWindow', request.contextWindow),
      ...defined({ scoreThreshold: chosen('scoreThreshold', request.scoreThreshold) }),
    }
  }
}

/** What all the knowledge bases say; undefined when they differ, because no one of them may decide for the others. */
function agreed<K extends keyof RetrievalSettings>(
  searched: readonly SearchableKnowledgeBase[],
  key: K,
): RetrievalSettings[K] | undefined {
  const [first, ...others] = searched.map(({ retrieval }) => retrieval[key])
  return others.every(value => value === first) ? first : undefined
}

function readableQuery(query: string): string {
  const text = query.trim()
  if (text === '') throw new ApiError('VALIDATION_ERROR', 'query: must not be empty')
  if (text.length > MAX_QUERY_CHARACTERS) {
    throw new ApiError(
      'VALIDATION_ERROR',
      `query: has ${text.length} characters, at most ${MAX_QUERY_CHARACTERS} are allowed; send the question, not the document`,
    )
  }
  return text
}
