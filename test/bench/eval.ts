import { writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import PQueue from 'p-queue'
import { type RetrieverName, retrieverNames } from '../../api/contract/retrieval.ts'
import type { Send } from './eval/api-client.ts'
import { compare, comparisonTable, readPerQuery } from './eval/compare.ts'
import { type Dataset, readDataset } from './eval/dataset.ts'
import { type Indexed, indexDocuments } from './eval/index-documents.ts'
import { openApi } from './eval/open-api.ts'
import { type QueryResult, judge, summarize, table } from './eval/report.ts'
import { rankDocuments } from './eval/search.ts'

/** Deep enough for Recall@100. */
const DEPTH = 100

/** Those that ask a language model are measured when they are named: each question costs a call. */
const asksLlm: readonly RetrieverName[] = ['hyde', 'multi_query', 'self_query']
const usual = retrieverNames.filter(name => !asksLlm.includes(name))

const USAGE = `npm run eval -- --dataset DIR [options]

Indexes a data set in BEIR's layout (corpus.jsonl, queries.jsonl, qrels.tsv) through the HTTP API, asks its queries with
each retriever and prints nDCG@10 with what it is sure of, Recall@100 and MRR@10. Chunks count for their document, at
the place of its best chunk.

  --dataset DIR      default: SELFRAG_EVAL_DIR
  --retriever A,B    default: ${usual.join(',')}; also ${asksLlm.join(', ')}
  --rerank MODE      mmr, model (SELFRAG_URL with RERANK_PROVIDER there), llm: the order that it gives
  --group-by document  documents instead of chunks in each answer; the ranking is the same, in fewer requests
  --limit N          only the first N queries
  --json FILE        the figures as JSON
  --per-query FILE   one JSON line a query and retriever
  --compare A B      indexes nothing: tells whether two files of --per-query differ, by more than chance
  --concurrency N    queries at a time, default 4

SELFRAG_URL with SELFRAG_API_KEY (role admin) or SELFRAG_ADMIN_TOKEN names an API; without it one is started, with
an embedded Postgres and the local model.`

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dataset: { type: 'string' },
    retriever: { type: 'string' },
    rerank: { type: 'string' },
    'group-by': { type: 'string' },
    limit: { type: 'string' },
    json: { type: 'string' },
    'per-query': { type: 'string' },
    concurrency: { type: 'string', default: '4' },
    compare: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const folder = options.dataset ?? process.env['SELFRAG_EVAL_DIR']
if (options.help || !(folder || options.compare)) {
  console.log(USAGE)
  process.exit(options.help ? 0 : 2)
}
await (options.compare ? printComparison(options.compare, positionals) : run(resolve(folder!)))

async function printComparison(before: string, [after, ...more]: readonly string[]): Promise<void> {
  if (!after || more.length > 0) throw new RangeError('--compare takes two files: --compare BEFORE AFTER')
  console.log(comparisonTable(compare(await readPerQuery(before), await readPerQuery(after))))
}

async function run(path: string): Promise<void> {
  const dataset = await readDataset(path)
  const name = basename(path)
  console.log(`${name}: ${dataset.documents.length} documents, ${dataset.queries.length} judged queries`)
  const api = await openApi(process.env, line => console.log(line))
  try {
    const indexed = await indexDocuments(api.send, { name: `eval-${name}-${Date.now()}` }, dataset.documents, progress)
    console.log(`\nindexed in ${indexed.seconds.toFixed(1)} s, ${indexed.rejected.length} documents refused`)
    for (const { id, reason } of indexed.rejected) console.log(`  ${id}: ${reason}`)
    await report(name, indexed, await askAll(api.send, dataset, indexed))
    await api.send('DELETE', `/v1/knowledge-bases/${indexed.knowledgeBaseId}`)
  } finally {
    await api.close()
  }
}

async function askAll(send: Send, dataset: Dataset, indexed: Indexed): Promise<QueryResult[]> {
  const retrievers = options.retriever?.split(',') ?? usual
  const queries = dataset.queries.slice(0, options.limit === undefined ? undefined : Number(options.limit))
  const queue = new PQueue({ concurrency: Number(options.concurrency) })
  const datasetIds = (documentId: string) => indexed.ids.get(documentId) ?? []
  const { rerank, 'group-by': group_by } = options
  const more = { ...(rerank && { rerank }), ...(group_by && { group_by }) }
  const results: QueryResult[] = []
  for (const retriever of retrievers) {
    const judged = queries.map(query => async () => {
      const search = { knowledgeBaseId: indexed.knowledgeBaseId, retriever, query: query.text, depth: DEPTH, more }
      const { ranking, milliseconds } = await rankDocuments(send, search, datasetIds)
      return judge(retriever, query, ranking, milliseconds)
    })
    results.push(...(await queue.addAll(judged)))
    progress(`asked ${queries.length} queries with ${retriever}`)
  }
  return results
}

async function report(dataset: string, indexed: Indexed, results: readonly QueryResult[]): Promise<void> {
  const retrievers = [...new Set(results.map(result => result.retriever))]
  const reports = retrievers.map(name => summarize(name, results.filter(result => result.retriever === name))) // prettier-ignore
  console.log(`\n${table(reports)}`)
  if (options.json !== undefined) {
    const figures = { dataset, indexed_seconds: indexed.seconds, rejected: indexed.rejected, retrievers: reports }
    await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`)
  }
  if (options['per-query'] !== undefined) {
    await writeFile(options['per-query'], results.map(result => `${JSON.stringify(result)}\n`).join(''))
  }
}

/** One line that is written over, on a terminal; silent elsewhere. */
function progress(line: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${line}`)
}
