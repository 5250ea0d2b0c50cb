import type { RetrieverName } from '../contract/retrieval.ts'
import type { MetadataFilter } from '../stores/vectors/metadata-filter.ts'
import type { StoredPoint } from '../stores/vectors/vector-store.ts'
import type { VectorScope } from '../stores/vectors/vector-scope.ts'

export interface RetrievalQuery {
  readonly text: string
  /** Never empty of tenants: whatever a retriever does, it does inside this. */
  readonly scope: VectorScope
  readonly topK: number
  readonly filter?: MetadataFilter
  readonly signal?: AbortSignal
}

/** A chunk that was found. `score` is what the list is ordered by; `scores` tells each leg's own, where it saw the chunk. */
export interface RetrievedChunk extends StoredPoint {
  readonly score: number
  readonly scores: { readonly dense?: number; readonly bm25?: number; readonly rerank?: number }
}

export interface Retrieval {
  /** Best first, at most `topK`. */
  readonly chunks: readonly RetrievedChunk[]
  /** Milliseconds a stage (`embed`, `search`, `fuse`, …). */
  readonly timings: Readonly<Record<string, number>>
  /** What happened, for `include_trace`: plain JSON, no secrets. */
  readonly trace: Readonly<Record<string, unknown>>
}

/** One way to find chunks. One file each, registered in index.ts; test/contract/retriever.ts is what all must pass. */
export interface Retriever {
  readonly name: RetrieverName
  retrieve(query: RetrievalQuery): Promise<Retrieval>
}
