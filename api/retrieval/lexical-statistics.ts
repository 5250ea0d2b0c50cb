import type { LegWorth } from '../contract/leg-worth.ts'
import type { TermStatistics } from './bm25/weights.ts'

export interface StatisticsColumns {
  readonly chunk_count: number
  /** Parallel arrays, ascending by term. */
  readonly terms: readonly number[]
  readonly frequencies: readonly number[]
  readonly leg_worth?: LegWorth | null
}

/** In how many chunks of one knowledge base each term occurs. Some hundred thousand terms, so packed. */
export class LexicalStatistics implements TermStatistics {
  readonly chunkCount: number
  /** Null: not measured. */
  readonly legWorth: LegWorth | null
  readonly #terms: Int32Array
  readonly #frequencies: Int32Array

  /** @param row of `lexical_statistics`: parallel arrays, ascending by term */
  constructor(row: StatisticsColumns) {
    this.chunkCount = row.chunk_count
    this.legWorth = row.leg_worth ?? null
    this.#terms = Int32Array.from(row.terms)
    this.#frequencies = Int32Array.from(row.frequencies)
  }

  get bytes(): number {
    return this.#terms.byteLength + this.#frequencies.byteLength
  }

  /** Number of chunks that hold the term; 0 for an unknown one. */
  frequencyOf(term: number): number {
    let low = 0
    let high = this.#terms.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const found = this.#terms[middle]!
      if (found === term) return this.#frequencies[middle]!
      if (found < term) low = middle + 1
      else high = middle - 1
    }
    return 0
  }
}

/**
 * Several knowledge bases as the one corpus that a query over them searches: a term is as rare as it is in all of them
 * together, so scores from different knowledge bases compare. Undefined when there are no statistics at all.
 */
export function pooled(statistics: readonly TermStatistics[]): TermStatistics | undefined {
  if (statistics.length === 0) return undefined
  return {
    chunkCount: statistics.reduce((sum, one) => sum + one.chunkCount, 0),
    frequencyOf: term => statistics.reduce((sum, one) => sum + one.frequencyOf(term), 0),
  }
}

/**
 * The same for searching: an unknown term counts as held by one chunk. The statistics may be seconds behind the chunks,
 * and a part number that has just arrived must be found; where it is in no chunk, looking for it does no harm.
 */
export function forSearch(statistics: TermStatistics): TermStatistics {
  return {
    chunkCount: statistics.chunkCount,
    frequencyOf: term => Math.max(1, statistics.frequencyOf(term)),
  }
}
