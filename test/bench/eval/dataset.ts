import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface EvalDocument {
  readonly id: string
  readonly title: string
  readonly text: string
}

export interface EvalQuery {
  readonly id: string
  readonly text: string
  /** Relevance by document id; higher is more relevant, 0 is judged and not relevant. */
  readonly relevance: ReadonlyMap<string, number>
}

export interface Dataset {
  readonly documents: readonly EvalDocument[]
  /** Only those that somebody has judged documents for, in the file's order. */
  readonly queries: readonly EvalQuery[]
}

interface Line {
  _id: string
  title?: string
  text: string
}

/** Reads a folder in BEIR's layout: corpus.jsonl, queries.jsonl, and qrels.tsv here or qrels/test.tsv. */
export async function readDataset(folder: string): Promise<Dataset> {
  const [corpus, queries, judgements] = await Promise.all([
    readLines(join(folder, 'corpus.jsonl')),
    readLines(join(folder, 'queries.jsonl')),
    readJudgements(folder),
  ])
  return {
    documents: corpus.map(parseLine).map(({ _id, title, text }) => ({ id: _id, title: title ?? '', text })),
    queries: queries
      .map(parseLine)
      .map(({ _id, text }) => ({ id: _id, text, relevance: judgements.get(_id) ?? new Map<string, number>() }))
      .filter(query => [...query.relevance.values()].some(grade => grade > 0)),
  }
}

async function readJudgements(folder: string): Promise<Map<string, Map<string, number>>> {
  const lines = await readLines(join(folder, 'qrels.tsv')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return readLines(join(folder, 'qrels', 'test.tsv'))
  })
  const judgements = new Map<string, Map<string, number>>()
  for (const line of lines) {
    const [query, document, grade] = line.split('\t')
    if (query === undefined || document === undefined || !/^\d+$/.test(grade ?? '')) continue // the header
    const known = judgements.get(query) ?? new Map<string, number>()
    judgements.set(query, known.set(document, Number(grade)))
  }
  return judgements
}

async function readLines(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').filter(line => line.trim() !== '')
}

function parseLine(line: string): Line {
  return JSON.parse(line) as Line
}
