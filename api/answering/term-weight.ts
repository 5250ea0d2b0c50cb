import { termId } from '../retrieval/bm25/term-id.ts'
import { type TermStatistics, inverseFrequency } from '../retrieval/bm25/weights.ts'
import type { TermWeight } from './term-overlap.ts'

/**
 * How telling a term is in the knowledge bases that were searched. A term that they do not hold is the most telling of
 * all: a question about it is not answered by chunks that share its other words. Without statistics all count the same.
 */
export function termWeight(statistics: TermStatistics | undefined): TermWeight {
  if (!statistics) return () => 1
  return term => inverseFrequency(statistics.chunkCount, statistics.frequencyOf(termId(term)))
}
