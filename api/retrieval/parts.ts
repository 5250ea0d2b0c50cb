import type { VectorStore } from '../stores/vectors/vector-store.ts'
import type { CollectionGenerations } from './collection-generations.ts'
import type { LexicalStatisticsCache } from './lexical-statistics-cache.ts'
import type { QueryEmbedder } from './query-embedder.ts'

/** What retrievers are made of. */
export interface RetrievalParts {
  readonly vectors: VectorStore
  /** Null in lexical mode: no embedding model is loaded. */
  readonly embedder: QueryEmbedder | null
  readonly statistics: LexicalStatisticsCache
  readonly generations: CollectionGenerations
}

/**
 * How many candidates a leg fetches. More than anybody asks for (top_k is at most 50), because fusion judges a leg by
 * the spread of its scores; and always the same, so that asking for more results never reorders the first ones.
 */
export const POOL = 100
