import type { RetrieverName } from '../contract/retrieval.ts'
import type { ScoredPoint } from '../stores/vectors/vector-store.ts'
import type { RetrievedChunk, RetrievalQuery } from './retriever.ts'
import type { Stopwatch } from './stopwatch.ts'

/** One list to fetch: which text to look for, by meaning or by words. */
export interface LegRequest {
  /** In the trace; once in a plan. */
  readonly name: string
  readonly using: 'dense' | 'bm25'
  readonly text: string
}

export interface FoundLeg extends LegRequest {
  /** Best first. */
  readonly points: readonly ScoredPoint[]
}

export interface Combined {
  /** Best first; all that was found. */
  readonly chunks: readonly RetrievedChunk[]
  readonly trace?: Readonly<Record<string, unknown>>
}

/**
 * What a retriever wants searched, and how it makes one list of what comes back. Said before anything is searched, so
 * that all lists of all retrievers that take part in an answer travel to the store in one request.
 */
export interface SearchPlan {
  /** Whose answer it will be: another than the one asked when that one cannot run. */
  readonly retriever: RetrieverName
  readonly legs: readonly LegRequest[]
  /** Candidates of each leg; without it the pool that fusion needs. */
  readonly depth?: number
  /** Pure. The lists come in the order of `legs`. */
  readonly combine: (found: readonly FoundLeg[]) => Combined
  readonly trace?: Readonly<Record<string, unknown>>
}

/** @throws what Retriever.retrieve throws */
export type Planner = (query: RetrievalQuery, stopwatch: Stopwatch) => Promise<SearchPlan>
