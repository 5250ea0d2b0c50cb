import type { StatisticsSummary } from '../stores/postgres/lexical-statistics.ts'

/** Counting takes about a second a 20,000 chunks: so rare that it costs at most a tenth of the time. */
const CHUNKS_A_SECOND = 2_000
const SHORTEST_MS = 2_000
const LONGEST_MS = 60_000

/**
 * Whether the term statistics of a knowledge base have to be counted anew after a change, and in how many seconds; null:
 * not now, a later change will ask again. Pure.
 * @param busy whether more changes are on their way
 */
export function calibrationDelay(
  summary: Pick<StatisticsSummary, 'chunk_count' | 'updated_at'> | null,
  busy: boolean,
  now: Date,
): number | null {
  // Of a knowledge base that is new to search, any statistics are better than none.
  if (!summary || summary.chunk_count === 0) return 0
  const spacing = Math.min(LONGEST_MS, (summary.chunk_count / CHUNKS_A_SECOND) * 1000)
  const age = Math.max(0, now.getTime() - summary.updated_at.getTime())
  if (busy) return age > Math.max(SHORTEST_MS, spacing) ? 0 : null
  // A small one is exact at once; a large one soon.
  return spacing <= SHORTEST_MS ? 0 : Math.ceil(Math.max(0, spacing - age) / 1000)
}
