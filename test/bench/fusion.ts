import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { defaultChunking } from '../../api/contract/chunking.ts'
import { calibratedScore } from '../../api/retrieval/fusion/calibrated-score.ts'
import type { Ranked } from '../../api/retrieval/fusion/ranked.ts'
import { reciprocalRank } from '../../api/retrieval/fusion/reciprocal-rank.ts'
import { standardScore } from '../../api/retrieval/fusion/standard-score.ts'
import { minMax, weightedSum } from '../../api/retrieval/fusion/weighted.ts'
import { tokenize } from '../../api/retrieval/bm25/analyzer.ts'
import { POOL } from '../../api/retrieval/parts.ts'
import { mochaGlobalTeardown } from '../support/teardown.ts'
import { columns } from './columns.ts'
import type { EvalQuery } from './eval/dataset.ts'
import { mean, ndcg } from './eval/metrics.ts'
import { type SearchedDataset, searchDataset } from './eval/searched-dataset.ts'

/**
 * Compares ways to make one list of documents out of two lists of chunks, in this process, on exact lists: `npm run
 * eval:fusion -- DIR…` prints nDCG@10 of each. `crippled`: the BM25 leg gets the longest word of the question only, to see
 * what becomes of the good leg; the worth that was measured does not know of it. `--chunk-size N` cuts otherwise than by default.
 */
type Fuse = (dense: readonly Ranked[], bm25: readonly Ranked[], worth: SearchedDataset['worth']) => readonly Ranked[]

const legs = (dense: readonly Ranked[], bm25: readonly Ranked[]) => [
  { name: 'dense', items: dense },
  { name: 'bm25', items: bm25, floor: 0 },
]

const fusions: Readonly<Record<string, Fuse>> = {
  dense: dense => dense,
  bm25: (_, bm25) => bm25,
  'reciprocal rank': (dense, bm25) => reciprocalRank([dense, bm25]),
  'min-max': (dense, bm25) => weightedSum([dense, bm25].map(items => ({ items: minMax(items), weight: 0.5 }))),
  'standard score': (dense, bm25) => standardScore(legs(dense, bm25)).items,
  'hybrid (calibrated)': (dense, bm25, worth) => calibratedScore(legs(dense, bm25), worth).items,
}

/** How the scores of a document's chunks, best first, become the document's. */
const aggregations: Readonly<Record<string, (scores: readonly number[]) => number>> = {
  'best chunk': scores => scores[0]!,
  'best + ¼ second': scores => scores[0]! + (scores[1] ?? 0) / 4,
  'halving sum': scores => scores.reduce((sum, score, place) => sum + score / 2 ** place, 0),
  sum: scores => scores.reduce((sum, score) => sum + score, 0),
  mean,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, 'chunk-size': { type: 'string' } },
})
const chunkSize = Number(values['chunk-size'] ?? defaultChunking.chunkSize)
const figures = []
for (const folder of positionals) {
  const dataset = await searchDataset(folder, POOL, { ...defaultChunking, chunkSize })
  const { name, documents, chunks, found, worth } = dataset
  console.log(`\n${name}: ${documents} documents, ${chunks.length} chunks of ${chunkSize}, ${found.length} queries, worth dense ${worth.dense.toFixed(2)} bm25 ${worth.bm25.toFixed(2)}`) // prettier-ignore
  const fused = compareFusions(dataset)
  console.log(columns([['fusion', 'nDCG@10', 'over the better leg', 'crippled'], ...fused.map(({ fusion, whole, over, crippled }) => [fusion, whole.toFixed(4), `${over < 0 ? '' : '+'}${over.toFixed(4)}`, crippled.toFixed(4)])]).join('\n')) // prettier-ignore
  const aggregated = compareAggregations(dataset)
  console.log(columns([['documents of hybrid by', 'nDCG@10'], ...aggregated.map(({ rule, whole }) => [rule, whole.toFixed(4)])]).join('\n')) // prettier-ignore
  figures.push({ name, documents, chunks: chunks.length, chunk_size: chunkSize, queries: found.length, worth, fusions: fused, aggregations: aggregated }) // prettier-ignore
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`)
await mochaGlobalTeardown()

function compareFusions({ found, worth, bm25, chunkOf }: SearchedDataset) {
  const asked = found.map(one => ({ ...one, crippled: bm25(longestWord(one.query)) }))
  const rows = Object.entries(fusions).map(([fusion, fuse]) => {
    const score = (query: EvalQuery, dense: readonly Ranked[], words: readonly Ranked[]) =>
      ndcg([...new Set(fuse(dense, words, worth).map(({ id }) => chunkOf(id).document))], query.relevance, 10)
    return {
      fusion,
      whole: mean(asked.map(one => score(one.query, one.dense, one.bm25))),
      crippled: mean(asked.map(one => score(one.query, one.dense, one.crippled))),
    }
  })
  const better = Math.max(...rows.slice(0, 2).map(({ whole }) => whole))
  return rows.map(row => ({ ...row, over: row.whole - better }))
}

function compareAggregations({ found, worth, chunkOf }: SearchedDataset) {
  const lists = found.map(({ query, dense, bm25 }) => {
    const scores = new Map<string, number[]>()
    for (const { id, score } of calibratedScore(legs(dense, bm25), worth).items) {
      const { document } = chunkOf(id)
      scores.set(document, [...(scores.get(document) ?? []), score])
    }
    return { query, scores }
  })
  return Object.entries(aggregations).map(([rule, aggregate]) => {
    const ranked = lists.map(({ query, scores }) => {
      const documents = [...scores].map(([id, list]) => ({ id, score: aggregate(list) }))
      // Stable: equal documents stay in the order of their best chunks.
      return ndcg(documents.sort((a, b) => b.score - a.score).map(({ id }) => id), query.relevance, 10) // prettier-ignore
    })
    return { rule, whole: mean(ranked) }
  })
}

function longestWord({ text }: EvalQuery): string {
  return tokenize(text).reduce((longest, term) => (term.length > longest.length ? term : longest), '')
}
