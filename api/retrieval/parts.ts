import type { LegVector, VectorStore } from '../stores/vectors/vector-store.ts'
import type { CollectionGenerations } from './collection-generations.ts'
import type { LexicalStatistics } from './lexical-statistics.ts'
import type { LexicalStatisticsCache } from './lexical-statistics-cache.ts'
import type { MetadataFieldSource } from './metadata-fields/metadata-field-source.ts'
import type { PassageSource } from './passages/passage-source.ts'
import type { QueryEmbedder } from './query-embedder.ts'
import type { RetrievalQuery } from './retriever.ts'
import type { SummaryTreeSource } from './summary-trees/summary-tree-source.ts'

/** What retrievers are made of. */
export interface RetrievalParts {
  readonly vectors: VectorStore
  /** Null in lexical mode: no embedding model is loaded. */
  readonly embedder: QueryEmbedder | null
  readonly statistics: LexicalStatisticsCache
  readonly generations: CollectionGenerations
  readonly passages: PassageSource
  readonly fields: MetadataFieldSource
  readonly summaryTrees: SummaryTreeSource
}

/**
 * How many candidates a leg fetches where several lists become one. More than anybody asks for (top_k is at most 50), because fusion judges a leg by
 * the spread of its scores; and always the same, so that asking for more results never reorders the first ones.
 */
export const POOL = 100

/** A list to fetch. */
export interface PreparedLeg {
  /** Null: there is nothing to look for. How many are wanted is the plan's to say. */
  readonly leg: LegVector | null
  readonly trace: Readonly<Record<string, unknown>>
}

/** The parts of a query that every search hands on to the store. */
export function narrowing({ filter, signal }: RetrievalQuery): Pick<RetrievalQuery, 'filter' | 'signal'> {
  return { ...(filter && { filter }), ...(signal && { signal }) }
}

/** Term statistics of what a query searches: of those knowledge bases that its scope allows and that have any. */
export function searchedStatistics(
  { statistics }: RetrievalParts,
  { knowledgeBaseIds, scope }: RetrievalQuery,
): Promise<LexicalStatistics[]> {
  const allowed = knowledgeBaseIds.filter(id => scope.allows(id))
  return statistics.of(scope, allowed)
}
