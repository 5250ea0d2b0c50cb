import type { SparseVector } from '../../stores/vectors/vector-store.ts'
import type { AnalyzedText } from './analyzer.ts'

/** How BM25 weighs repetition (`k1`) and length (`b`). Measured on Cranfield: .380 with these, .375 with k1 1.2. */
export interface Bm25Parameters {
  readonly k1: number
  readonly b: number
}

export const standardParameters: Bm25Parameters = { k1: 1.5, b: 0.75 }

/** What must be known of the searched chunks to weigh a question. */
export interface TermStatistics {
  readonly chunkCount: number
  /** Number of chunks that hold the term. */
  frequencyOf(termId: number): number
}

/**
 * The half of BM25 that belongs to a chunk: `tf·(k1+1) / (tf + k1·(1 − b + b·length/averageLength))` a term. The dot
 * product with {@link queryWeights} is the score.
 *
 * @param averageLength mean {@link AnalyzedText.length} of the chunks; 0 when there are none yet: this one is average
 */
export function documentWeights(
  analyzed: AnalyzedText,
  averageLength: number,
  { k1, b }: Bm25Parameters = standardParameters,
): SparseVector {
  const relativeLength = averageLength > 0 ? analyzed.length / averageLength : 1
  const saturation = k1 * (1 - b + b * relativeLength)
  return sparse(analyzed, (_id, frequency) => (frequency * (k1 + 1)) / (frequency + saturation))
}

/**
 * The other half: how rare each term of a question is, `ln(1 + (N − n + 0.5) / (n + 0.5))`, times how often it is asked.
 * A term that no chunk holds is left out. Without statistics every term counts the same.
 */
export function queryWeights(analyzed: AnalyzedText, statistics?: TermStatistics): SparseVector {
  if (!statistics) return sparse(analyzed, (_id, frequency) => frequency)
  return sparse(analyzed, (id, frequency) => {
    const holders = statistics.frequencyOf(id)
    return holders === 0 ? 0 : frequency * inverseFrequency(statistics.chunkCount, holders)
  })
}

/** Statistics may lag behind the chunks, so more holders than chunks is possible: never below 0. */
export function inverseFrequency(chunkCount: number, holders: number): number {
  return Math.log(1 + (Math.max(chunkCount - holders, 0) + 0.5) / (holders + 0.5))
}

/** Indices ascending, as every store wants them; weightless terms left out. */
function sparse(analyzed: AnalyzedText, weigh: (id: number, frequency: number) => number): SparseVector {
  const indices: number[] = []
  const values: number[] = []
  for (const id of [...analyzed.terms.keys()].sort((a, b) => a - b)) {
    const weight = weigh(id, analyzed.terms.get(id)!)
    if (weight === 0) continue
    indices.push(id)
    values.push(weight)
  }
  return { indices, values }
}
