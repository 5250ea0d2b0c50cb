import type { SearchLeg } from '../stores/vectors/vector-store.ts'
import { analyze } from './bm25/analyzer.ts'
import { queryWeights } from './bm25/weights.ts'
import { narrowing } from './dense.ts'
import { forSearch, pooled } from './lexical-statistics.ts'
import { type RetrievalParts, POOL } from './parts.ts'
import type { Retrieval, RetrievalQuery, Retriever } from './retriever.ts'
import { Stopwatch } from './stopwatch.ts'

/** Finds by words: BM25 over the searched knowledge bases' own term statistics. `score` is above 0 and has no upper bound. */
export function bm25Retriever(parts: RetrievalParts): Retriever {
  return {
    name: 'bm25',
    async retrieve(query): Promise<Retrieval> {
      const stopwatch = new Stopwatch()
      const { leg, trace } = await bm25Leg(parts, query, stopwatch)
      const [found = []] = await stopwatch.time('search', () =>
        leg
          ? parts.vectors.search(query.scope.vectors(query.knowledgeBaseIds), { ...narrowing(query), legs: [leg] })
          : [],
      )
      return {
        retriever: 'bm25',
        chunks: found.slice(0, query.topK).map(point => ({ ...point, scores: { bm25: point.score } })),
        timings: stopwatch.timings,
        trace: { legs: { bm25: { ...trace, candidates: found.length } } },
      }
    },
  }
}

/** The leg that looks for the query's terms; null when the query has none (punctuation, or nothing but stop words). */
export async function bm25Leg(
  parts: RetrievalParts,
  query: RetrievalQuery,
  stopwatch: Stopwatch,
): Promise<{ leg: SearchLeg | null; trace: Record<string, unknown> }> {
  const allowed = query.knowledgeBaseIds.filter(id => query.scope.allows(id))
  const each = await stopwatch.time('statistics', () => parts.statistics.of(query.scope, allowed))
  const statistics = pooled(each)
  const vector = queryWeights(analyze(query.text), statistics && forSearch(statistics))
  return {
    leg: vector.indices.length > 0 ? { using: 'sparse', vector, limit: POOL } : null,
    trace: { terms: vector.indices.length, corpus_chunks: statistics?.chunkCount ?? 0 },
  }
}
