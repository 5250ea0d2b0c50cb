import type { FusionMethod, MemberName, RetrieverName } from '../contract/retrieval.ts'
import type { Llm } from '../providers/llms/llm.ts'
import type { Reranker } from '../providers/rerankers/reranker.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import type { MetadataFilter } from '../stores/vectors/metadata-filter.ts'
import type { StoredPoint } from '../stores/vectors/vector-store.ts'

export interface RetrievalQuery {
  readonly text: string
  /** Never empty of tenants: whatever a retriever does, it does inside this. */
  readonly scope: TenantScope
  /** Which of the scope's knowledge bases to search; one that the scope does not allow is left out. */
  readonly knowledgeBaseIds: readonly string[]
  readonly topK: number
  readonly filter?: MetadataFilter
  readonly fusion?: FusionChoice
  /** Whether the searched knowledge bases cut documents into parents and children. */
  readonly hasParents?: boolean
  /** None where it is not said. */
  readonly models?: RetrievalModels
  /** Embedded in place of `text`, by the retrievers that embed it. */
  readonly hypothetical?: string
  readonly signal?: AbortSignal
}

/** The models of this request; null: there is none. */
export interface RetrievalModels {
  readonly llm: Llm | null
  readonly reranker: Reranker | null
}

/** How several lists become one, where the request says so. */
export interface FusionChoice {
  readonly method?: FusionMethod
  /** Of legs (`hybrid`) or members (`fusion`, `ensemble`), above 0; what is not named is 1. */
  readonly weights?: Readonly<Partial<Record<MemberName, number>>>
  /** Who takes part in `fusion` and `ensemble`. */
  readonly retrievers?: readonly MemberName[]
}

/** A chunk that was found. `score` is what the list is ordered by; `scores` tells each leg's own, where it saw the chunk. */
export interface RetrievedChunk extends StoredPoint {
  readonly score: number
  readonly scores: { readonly dense?: number; readonly bm25?: number; readonly rerank?: number }
  /** Where `text` stands in the document, when it is more than the chunk's own. */
  readonly passage?: { readonly start: number; readonly end: number; readonly chunkIds: readonly string[] }
  /** All chunks of its document that were found, best first, when it stands for the document. */
  readonly group?: { readonly chunkIds: readonly string[] }
}

export interface Retrieval {
  /** Who found the chunks: another than the one asked when it could not run (hybrid without an embedding model). */
  readonly retriever: RetrieverName
  /** Best first, at most `topK`; equal scores by point id. */
  readonly chunks: readonly RetrievedChunk[]
  /** Milliseconds a stage (`embed`, `search`, `fuse`, …). */
  readonly timings: Readonly<Record<string, number>>
  /** What happened, for `include_trace`: plain JSON, no secrets. */
  readonly trace: Readonly<Record<string, unknown>>
}

/** One way to find chunks. One file each, registered in index.ts; test/contract/retriever.ts is what all must pass. */
export interface Retriever {
  readonly name: RetrieverName
  /**
   * @throws ApiError KB_CONFIG_ERROR when the query cannot be compared with what is stored (another embedding model, or
   *   none); the vector store's and the embedder's own errors
   */
  retrieve(query: RetrievalQuery): Promise<Retrieval>
}
