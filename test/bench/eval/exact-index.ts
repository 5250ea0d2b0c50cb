import { analyze, analyzeQuestion } from '../../../api/retrieval/bm25/analyzer.ts'
import { documentWeights, queryWeights } from '../../../api/retrieval/bm25/weights.ts'
import { type Ranked, byScoreThenId } from '../../../api/retrieval/fusion/ranked.ts'

export interface ExactIndex {
  readonly dense: ReturnType<typeof denseIndex>
  readonly bm25: ReturnType<typeof lexicalIndex>
}

/** All texts compared, nothing approximated; an item's id is its place in the list. */
export function denseIndex(vectors: readonly Float32Array[]) {
  return (query: Float32Array, limit: number): Ranked[] =>
    vectors
      .map((vector, place) => ({ id: idOf(place), score: dot(vector, query) }))
      .sort(byScoreThenId)
      .slice(0, limit)
}

/** BM25 as the product weighs it, in memory. */
export function lexicalIndex(texts: readonly string[]) {
  const analyzed = texts.map(analyze)
  const average = analyzed.reduce((sum, { length }) => sum + length, 0) / analyzed.length
  const postings = new Map<number, { place: number; weight: number }[]>()
  for (const [place, text] of analyzed.entries()) {
    const { indices, values } = documentWeights(text, average)
    indices.forEach((term, index) => {
      const list = postings.get(term) ?? []
      list.push({ place, weight: values[index]! })
      postings.set(term, list)
    })
  }
  const statistics = { chunkCount: texts.length, frequencyOf: (term: number) => postings.get(term)?.length ?? 0 }
  const search = (query: string, limit: number): Ranked[] => {
    const scores = new Map<number, number>()
    const { indices, values } = queryWeights(analyzeQuestion(query), statistics)
    indices.forEach((term, index) => {
      for (const { place, weight } of postings.get(term) ?? [])
        scores.set(place, (scores.get(place) ?? 0) + weight * values[index]!)
    })
    return [...scores]
      .map(([place, score]) => ({ id: idOf(place), score }))
      .sort(byScoreThenId)
      .slice(0, limit)
  }
  /** Of a text that need not be among them. */
  const score = (query: string, text: string): number => {
    const held = documentWeights(analyze(text), average)
    const weights = new Map(held.indices.map((term, index) => [term, held.values[index]!]))
    const { indices, values } = queryWeights(analyzeQuestion(query), statistics)
    return indices.reduce((sum, term, index) => sum + values[index]! * (weights.get(term) ?? 0), 0)
  }
  return { search, score }
}

/** Of the same order as the places. */
export function idOf(place: number): string {
  return String(place).padStart(7, '0')
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!
  return sum
}
