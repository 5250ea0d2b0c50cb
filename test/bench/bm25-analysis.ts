import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { analyze, analyzeQuestion, type AnalyzedText } from '../../api/retrieval/bm25/analyzer.ts'
import { type Bm25Parameters, documentWeights, queryWeights } from '../../api/retrieval/bm25/weights.ts'

/**
 * What the text analysis is worth by itself: BM25 in memory over whole documents, without chunks, stores or HTTP. Prints
 * nDCG@10 a data set, and what analysis costs. `npm run bench:bm25`; data in BEIR layout under SELFRAG_EVAL_DIR.
 */
const parameterChoices: readonly Bm25Parameters[] = [
  { k1: 1.5, b: 0.75 },
  { k1: 1.2, b: 0.75 },
]

interface Dataset {
  readonly documents: readonly { id: string; text: string }[]
  readonly queries: readonly { id: string; text: string }[]
  /** Query → document → grade. */
  readonly relevance: ReadonlyMap<string, ReadonlyMap<string, number>>
}

for (const name of ['cranfield', 'cmrc-zh']) {
  const dataset = await load(join(process.env['SELFRAG_EVAL_DIR'] ?? '../shared/data/eval', name))
  const characters = dataset.documents.reduce((sum, { text }) => sum + text.length, 0)
  const started = performance.now()
  const analyzed = dataset.documents.map(({ text }) => analyze(text))
  const milliseconds = performance.now() - started
  const scores = parameterChoices.map(
    choice => `k1 ${choice.k1} b ${choice.b}: ${evaluate(dataset, analyzed, choice).toFixed(4)}`,
  )
  console.log(
    `${name}: nDCG@10 ${scores.join(', ')}; ${((milliseconds / characters) * 1000).toFixed(3)} ms a 1,000 characters`,
  )
}

async function load(folder: string): Promise<Dataset> {
  const lines = async (file: string) => (await readFile(join(folder, file), 'utf8')).trim().split('\n')
  const records = async (file: string) =>
    (await lines(file)).map(line => {
      const record = JSON.parse(line) as { _id: string; title?: string; text: string }
      return { id: record._id, text: record.title ? `${record.title}\n${record.text}` : record.text }
    })
  const relevance = new Map<string, Map<string, number>>()
  for (const line of (await lines('qrels.tsv')).slice(1)) {
    const [query, document, grade] = line.split('\t') as [string, string, string]
    relevance.set(query, (relevance.get(query) ?? new Map<string, number>()).set(document, Number(grade)))
  }
  return { documents: await records('corpus.jsonl'), queries: await records('queries.jsonl'), relevance }
}

function evaluate(dataset: Dataset, analyzed: readonly AnalyzedText[], parameters: Bm25Parameters): number {
  const average = analyzed.reduce((sum, { length }) => sum + length, 0) / analyzed.length
  const postings = new Map<number, { document: number; weight: number }[]>()
  analyzed.forEach((document, position) => {
    const { indices, values } = documentWeights(document, average, parameters)
    indices.forEach((term, index) => {
      const list = postings.get(term) ?? []
      list.push({ document: position, weight: values[index]! })
      postings.set(term, list)
    })
  })
  const statistics = {
    chunkCount: analyzed.length,
    frequencyOf: (term: number) => postings.get(term)?.length ?? 0,
  }
  const judged = dataset.queries.filter(({ id }) => dataset.relevance.has(id))
  const total = judged.reduce((sum, { id, text }) => {
    const query = queryWeights(analyzeQuestion(text), statistics)
    const scores = new Float64Array(analyzed.length)
    query.indices.forEach((term, index) => {
      for (const { document, weight } of postings.get(term) ?? []) scores[document]! += weight * query.values[index]!
    })
    const best = [...scores.keys()].filter(position => scores[position]! > 0)
    best.sort((a, b) => scores[b]! - scores[a]!)
    const grades = dataset.relevance.get(id)!
    return sum + ndcg(best.slice(0, 10).map(position => grades.get(dataset.documents[position]!.id) ?? 0), grades) // prettier-ignore
  }, 0)
  return total / judged.length
}

function ndcg(found: readonly number[], grades: ReadonlyMap<string, number>): number {
  const gain = (list: readonly number[]) => list.reduce((sum, grade, rank) => sum + grade / Math.log2(rank + 2), 0)
  const ideal = gain([...grades.values()].sort((a, b) => b - a).slice(0, 10))
  return ideal > 0 ? gain(found) / ideal : 0
}
