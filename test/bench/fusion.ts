import { basename } from 'node:path'
import { defaultChunking } from '../../api/contract/chunking.ts'
import { chunkers } from '../../api/ingestion/chunkers/index.ts'
import { embeddingText } from '../../api/ingestion/embedding-text.ts'
import type { Ranked } from '../../api/retrieval/fusion/ranked.ts'
import { reciprocalRank } from '../../api/retrieval/fusion/reciprocal-rank.ts'
import { standardScore } from '../../api/retrieval/fusion/standard-score.ts'
import { minMax, weightedSum } from '../../api/retrieval/fusion/weighted.ts'
import { tokenize } from '../../api/retrieval/bm25/analyzer.ts'
import { POOL } from '../../api/retrieval/parts.ts'
import { mochaGlobalTeardown } from '../support/teardown.ts'
import { cachedEmbeddings } from './eval/cached-embeddings.ts'
import { type EvalQuery, readDataset } from './eval/dataset.ts'
import { denseIndex, lexicalIndex } from './eval/exact-index.ts'
import { mean, ndcg } from './eval/metrics.ts'

/**
 * Compares ways to fuse the two legs, in this process, on exact lists: `node test/bench/fusion.ts DIR…` prints nDCG@10 of
 * each. `crippled`: the BM25 leg gets the longest word of the question only, to see what becomes of the good leg.
 * The figures stand in docs/retrieval.md.
 */
type Fuse = (dense: readonly Ranked[], bm25: readonly Ranked[]) => readonly Ranked[]

const fusions: Readonly<Record<string, Fuse>> = {
  dense: dense => dense,
  bm25: (_, bm25) => bm25,
  'reciprocal rank': (dense, bm25) => reciprocalRank([dense, bm25]),
  'min-max': (dense, bm25) => weightedSum([dense, bm25].map(items => ({ items: minMax(items), weight: 0.5 }))),
  'standard score': (dense, bm25) =>
    standardScore([
      { name: 'dense', items: dense },
      { name: 'bm25', items: bm25, floor: 0 },
    ]).items,
}

for (const folder of process.argv.slice(2)) await compare(folder)
await mochaGlobalTeardown()

async function compare(folder: string): Promise<void> {
  const { documents, queries } = await readDataset(folder)
  const settings = { ...defaultChunking, longest: Infinity }
  const cutUp = documents.map(async ({ id, title, text }) => {
    const chunks = await chunkers[settings.chunker].chunk({ text, sections: [] }, settings)
    return chunks.map(chunk => ({ document: id, text: embeddingText({ ...chunk, title }) }))
  })
  const chunks = (await Promise.all(cutUp)).flat()
  console.log(`${basename(folder)}: ${documents.length} documents, ${chunks.length} chunks, ${queries.length} queries`)
  const searchDense = denseIndex(await cachedEmbeddings(chunks.map(({ text }) => text), 'document')) // prettier-ignore
  const vectors = await cachedEmbeddings(queries.map(({ text }) => text), 'query') // prettier-ignore
  const searchWords = lexicalIndex(chunks.map(({ text }) => text))
  const legs = queries.map((query, index) => ({ query, dense: searchDense(vectors[index]!, POOL) }))
  const documentOf = (id: string) => chunks[Number(id)]!.document
  for (const [name, fuse] of Object.entries(fusions)) {
    const score = ({ query, dense }: (typeof legs)[number], words: string) => {
      const ranking = fuse(dense, searchWords(words, POOL)).map(({ id }) => documentOf(id))
      return ndcg([...new Set(ranking)], query.relevance, 10)
    }
    const whole = mean(legs.map(leg => score(leg, leg.query.text)))
    const crippled = mean(legs.map(leg => score(leg, longestWord(leg.query))))
    console.log(`  ${name.padEnd(16)} ${whole.toFixed(4)}   crippled ${crippled.toFixed(4)}`)
  }
}

function longestWord({ text }: EvalQuery): string {
  return tokenize(text).reduce((longest, term) => (term.length > longest.length ? term : longest), '')
}
