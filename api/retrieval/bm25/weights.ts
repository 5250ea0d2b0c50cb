import type { SparseVector } from '../../stores/vectors/vector-store.ts'
import type { AnalyzedText, AskedWord } from './analyzer.ts'

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
  const weights = [...analyzed.terms].map(([id, frequency]) => [id, (frequency * (k1 + 1)) / (frequency + saturation)] as const) // prettier-ignore
  return sparse(weights)
}

/**
 * The other half: how rare each word of a question is, `ln(1 + (N − n + 0.5) / (n + 0.5))`, times how often it is asked. A word counts
 * as one in all its spellings: that the only French chunk has a name which all German ones have does not make it rare. A spelling
 * that no chunk holds is left out. Without statistics every word counts the same.
 */
export function queryWeights(words: readonly AskedWord[], statistics?: TermStatistics): SparseVector {
  const weights = new Map<number, number>()
  for (const { ids, frequency } of words) {
    const held = statistics ? ids.filter(id => statistics.frequencyOf(id) > 0) : ids
    const holders = held.reduce((sum, id) => sum + (statistics?.frequencyOf(id) ?? 0), 0)
    const weight = frequency * (statistics ? inverseFrequency(statistics.chunkCount, holders) : 1)
    for (const id of held) weights.set(id, (weights.get(id) ?? 0) + weight)
  }
  return sparse(weights)
}

/** Statistics may lag behind the chunks, so more holders than chunks is possible: never below 0. */
export function inverseFrequency(chunkCount: number, holders: number): number {
  return Math.log(1 + (Math.max(chunkCount - holders, 0) + 0.5) / (holders + 0.5))
}

/** Indices ascending, as every store wants them; weightless terms left out. */
function sparse(weights: Iterable<readonly [id: number, weight: number]>): SparseVector {
  const told = [...weights].filter(([, weight]) => weight !== 0).sort(([a], [b]) => a - b)
  return { indices: told.map(([id]) => id), values: told.map(([, weight]) => weight) }
}
