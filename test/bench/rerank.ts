import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { tokenize } from '../../api/retrieval/bm25/analyzer.ts'
import { inverseFrequency } from '../../api/retrieval/bm25/weights.ts'
import { cosine } from '../../api/retrieval/cosine.ts'
import { calibratedScore } from '../../api/retrieval/fusion/calibrated-score.ts'
import type { Ranked } from '../../api/retrieval/fusion/ranked.ts'
import { spread } from '../../api/retrieval/fusion/standard-score.ts'
import { minMax } from '../../api/retrieval/fusion/weighted.ts'
import { POOL } from '../../api/retrieval/parts.ts'
import { maximalMarginalRelevance } from '../../api/retrieval/rerank/mmr.ts'
import { RerankApi } from '../../api/providers/rerankers/rerank-api.ts'
import { startModelServer } from '../support/model-server.ts'
import { mochaGlobalTeardown } from '../support/teardown.ts'
import { columns } from './columns.ts'
import { mean, ndcg } from './eval/metrics.ts'
import { type Found, type SearchedDataset, searchDataset } from './eval/searched-dataset.ts'

/**
 * What ordering the 50 best of hybrid anew gains and costs without a model service, in this process, and what the round trip to
 * a service costs: `npm run eval:rerank -- DIR…` prints nDCG@10 and milliseconds a question. The features are measured and not
 * part of the product. What a real model gains is for who has one: `npm run eval -- --rerank model`.
 */
const JUDGED = 50
/** Equal say for a feature would be 1; a quarter is the usual caution with a weak one. Both are shown. */
const SAYS = [0.25, 1]

/** Scores of the candidates, in their order. */
type Feature = (query: readonly string[], texts: readonly (readonly string[])[], rarity: Rarity) => number[]
type Rarity = (term: string) => number

const features: Readonly<Record<string, Feature>> = {
  coverage: (query, texts, rarity) => texts.map(text => covered(new Set(query), new Set(text), rarity)),
  proximity: (query, texts, rarity) => texts.map(text => near(query, text, rarity)),
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'string' } } })
const figures = []
for (const folder of positionals) {
  const dataset = await searchDataset(folder, POOL)
  const rows = await compareRerankers(dataset)
  console.log(`\n${dataset.name}: ${dataset.found.length} queries, the ${JUDGED} best of hybrid`)
  console.log(columns([['ordered by', 'nDCG@10', 'ms a question'], ...rows.map(({ by, gain, ms }) => [by, gain === null ? 'as its model' : gain.toFixed(4), ms.toFixed(2)])]).join('\n')) // prettier-ignore
  figures.push({ name: dataset.name, rerankers: rows })
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`)
await mochaGlobalTeardown()

async function compareRerankers(dataset: SearchedDataset) {
  const asked = dataset.found.map(found => ({ found, candidates: candidates(dataset, found) }))
  const measure = (by: string, order: (found: Found, items: readonly Ranked[]) => readonly string[]) => {
    const start = performance.now()
    const orders = asked.map(one => order(one.found, one.candidates))
    const ms = (performance.now() - start) / asked.length
    const gain = mean(orders.map((ids, at) => ndcg([...new Set(ids.map(id => dataset.chunkOf(id).document))], asked[at]!.found.query.relevance, 10))) // prettier-ignore
    return { by, gain, ms }
  }
  const rarity = rarityIn(dataset)
  return [
    measure('hybrid', (_, items) => items.map(({ id }) => id)),
    measure('mmr', (_, items) => diversified(dataset, items)),
    ...Object.entries(features).flatMap(
      ([name, feature]) =>
      SAYS.map(say => measure(`+ ${say} × ${name}`, ({ query }, items) => lifted(dataset, query.text, items, feature, say, rarity))), // prettier-ignore
    ),
    { by: 'round trip to a rerank service', gain: null, ms: await roundTrip(dataset, asked) },
  ]
}

function candidates({ worth }: SearchedDataset, { dense, bm25 }: Found): readonly Ranked[] {
  const legs = [
    { name: 'dense', items: dense },
    { name: 'bm25', items: bm25, floor: 0 },
  ]
  return calibratedScore(legs, worth).items.slice(0, JUDGED)
}

/** As `rerank: mmr` orders; there the vectors come from the store, which is a request more. */
function diversified({ vectorOf }: SearchedDataset, items: readonly Ranked[]): readonly string[] {
  const relevance = minMax(items).map(({ id, score }) => ({ id, relevance: score }))
  const similarity = (a: string, b: string) => Math.max(0, cosine(vectorOf(a), vectorOf(b)))
  return maximalMarginalRelevance(relevance, similarity).map(({ id }) => id)
}

function lifted(
  { chunkOf }: SearchedDataset,
  question: string,
  items: readonly Ranked[],
  feature: Feature,
  say: number,
  rarity: Rarity,
) {
  // prettier-ignore
  const values = feature(tokenize(question), items.map(({ id }) => tokenize(chunkOf(id).searched)), rarity) // prettier-ignore
  const [own, added] = [standard(items.map(({ score }) => score)), standard(values)]
  const sums = items.map(({ id }, at) => ({ id, score: own[at]! + say * added[at]! }))
  return sums.sort((a, b) => b.score - a.score).map(({ id }) => id)
}

function standard(scores: readonly number[]): number[] {
  const items = scores.map((score, at) => ({ id: String(at), score }))
  const { mean: middle, deviation } = spread({ name: '', items }, items.length)
  return scores.map(score => (deviation > 0 ? (score - middle) / deviation : 0))
}

function rarityIn({ chunks }: SearchedDataset): Rarity {
  const holders = new Map<string, number>()
  for (const { searched } of chunks) for (const term of new Set(tokenize(searched))) holders.set(term, (holders.get(term) ?? 0) + 1) // prettier-ignore
  return term => (holders.has(term) ? inverseFrequency(chunks.length, holders.get(term)!) : 0)
}

/** The share of the question's terms that a text has, rare ones counting more. */
function covered(query: ReadonlySet<string>, text: ReadonlySet<string>, rarity: Rarity): number {
  const sum = (terms: readonly string[]) => terms.reduce((total, term) => total + rarity(term), 0)
  const all = sum([...query])
  return all > 0 ? sum([...query].filter(term => text.has(term))) / all : 0
}

/** Neighbours in the question that stand within ten terms of each other in the text, closer ones counting more. */
function near(query: readonly string[], text: readonly string[], rarity: Rarity): number {
  const places = new Map<string, number[]>()
  text.forEach((term, at) => places.set(term, [...(places.get(term) ?? []), at]))
  return query.slice(1).reduce((sum, term, at) => {
    const [left, right] = [places.get(query[at]!) ?? [], places.get(term) ?? []]
    const gaps = left.flatMap(a => right.map(b => Math.abs(a - b))).filter(gap => gap > 0 && gap <= 10)
    const closeness = gaps.reduce((total, gap) => total + 1 / gap ** 2, 0)
    return sum + Math.min(rarity(query[at]!), rarity(term)) * (closeness / (closeness + 1))
  }, 0)
}

/** To a scripted server on this machine, as the product asks it: everything but the model's own time. */
async function roundTrip(
  { chunkOf }: SearchedDataset,
  asked: readonly { found: Found; candidates: readonly Ranked[] }[],
): Promise<number> {
  // prettier-ignore
  const server = await startModelServer()
  const reranker = new RerankApi({ model: 'scripted', timeoutMs: 10_000 }, { provider: 'vllm', baseUrl: server.openAiUrl, apiKey: undefined }) // prettier-ignore
  try {
    const times: number[] = []
    for (const { found, candidates: items } of asked.slice(0, 100)) {
      const start = performance.now()
      await reranker.rerank({ query: found.query.text, texts: items.map(({ id }) => chunkOf(id).text) })
      times.push(performance.now() - start)
    }
    return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!
  } finally {
    await server.close()
  }
}
