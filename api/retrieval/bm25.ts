import { analyzeQuestion } from './bm25/analyzer.ts'
import { queryWeights } from './bm25/weights.ts'
import { forSearch, pooled } from './lexical-statistics.ts'
import { type PreparedLeg, type RetrievalParts, searchedStatistics } from './parts.ts'
import type { RetrievalQuery } from './retriever.ts'
import type { Planner } from './search-plan.ts'
import { singleLeg } from './single-leg.ts'
import type { Stopwatch } from './stopwatch.ts'

/** Finds by words: BM25 over the searched knowledge bases' own term statistics. `score` is above 0 and has no upper bound. */
export const bm25Planner: Planner = async ({ text, topK }) => ({
  retriever: 'bm25',
  legs: [{ name: 'bm25', using: 'bm25', text }],
  depth: topK,
  combine: singleLeg,
})

/** How rare each term is in what a query searches; undefined when nothing is known of it. */
export type TermCorpus = ReturnType<typeof pooled>

/** The searched knowledge bases as one corpus. */
export async function termCorpus(
  parts: RetrievalParts,
  query: RetrievalQuery,
  stopwatch: Stopwatch,
): Promise<TermCorpus> {
  return pooled(await stopwatch.time('statistics', () => searchedStatistics(parts, query)))
}

/** The leg that looks for a text's terms; none when it has none (punctuation, or nothing but stop words). */
export function bm25Leg(text: string, corpus: TermCorpus): PreparedLeg {
  const vector = queryWeights(analyzeQuestion(text), corpus && forSearch(corpus))
  return {
    leg: vector.indices.length > 0 ? { using: 'sparse', vector } : null,
    trace: { terms: vector.indices.length, corpus_chunks: corpus?.chunkCount ?? 0 },
  }
}
