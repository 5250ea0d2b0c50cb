import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { vocabularyCounter } from '../../api/providers/vocabulary-counter.ts'
import { columns } from './columns.ts'
import type { Send } from './eval/api-client.ts'
import { indexDocuments } from './eval/index-documents.ts'
import { mean } from './eval/metrics.ts'
import { openApi } from './eval/open-api.ts'
import { type AnsweredQuestion, contains, readPages, readQuestions } from './eval/questions.ts'

/**
 * What is gained by giving more of a document than the chunks that match, and what it costs: `npm run eval:context` asks
 * questions about this project's pages over HTTP and prints in how many of them the first k results hold the words of the
 * answer, and how many tokens those results are (o200k_base). `--json FILE` writes the figures. SELFRAG_URL as in eval.ts.
 */
const depths = [1, 3, 5, 10] as const

const ways = [
  { name: 'hybrid', kb: 'plain', body: { retriever: 'hybrid' } },
  { name: 'hybrid, context_window 1', kb: 'plain', body: { retriever: 'hybrid', context_window: 1 } },
  { name: 'hybrid, context_window 2', kb: 'plain', body: { retriever: 'hybrid', context_window: 2 } },
  { name: 'hybrid, on children', kb: 'parents', body: { retriever: 'hybrid' } },
  { name: 'parent_document', kb: 'parents', body: { retriever: 'parent_document' } },
] as const

interface Figures {
  readonly way: string
  /** By depth. */
  readonly containment: readonly number[]
  readonly tokens: readonly number[]
  readonly p50_ms: number
}

const { values: options } = parseArgs({ options: { json: { type: 'string' } } })
const pages = await readPages()
const { answered, outdated } = await readQuestions(pages)
console.log(`${pages.length} pages, ${answered.length} questions`)
for (const { question, answer } of outdated) console.log(`  left out, "${answer}" is not in the pages any more: ${question}`) // prettier-ignore
const api = await openApi(process.env, line => console.log(line))
try {
  const [plain, parents] = [
    await indexDocuments(api.send, { name: `pages-${Date.now()}` }, pages, () => {}),
    await indexDocuments(api.send, { name: `parents-${Date.now()}`, chunking: { chunker: 'parent_child' } }, pages, () => {}), // prettier-ignore
  ]
  const figures: Figures[] = []
  for (const { name, kb, body } of ways) {
    const { knowledgeBaseId, ids } = kb === 'plain' ? plain : parents
    figures.push(await measure(api.send, name, { ...body, knowledge_base_ids: [knowledgeBaseId] }, ids))
  }
  console.log(`\n${table(figures)}`)
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify({ questions: answered.length, depths, ways: figures }, null, 2)}\n`) // prettier-ignore
  for (const { knowledgeBaseId } of [plain, parents]) await api.send('DELETE', `/v1/knowledge-bases/${knowledgeBaseId}`)
} finally {
  await api.close()
}

async function measure(
  send: Send,
  way: string,
  body: Record<string, unknown>,
  ids: ReadonlyMap<string, readonly string[]>,
): Promise<Figures> {
  const count = await vocabularyCounter('o200k_base')
  const asked: { found: number; tokens: number[]; milliseconds: number }[] = []
  for (const one of answered) {
    const start = performance.now()
    const request = { ...body, query: one.question, top_k: Math.max(...depths) }
    const { results } = await send<{ results: { document_id: string; text: string }[] }>('POST', '/v1/retrieve', request) // prettier-ignore
    const milliseconds = performance.now() - start
    const found = results.findIndex(result => answers(one, result.text, ids.get(result.document_id) ?? []))
    asked.push({ found: found < 0 ? Infinity : found, tokens: results.map(({ text }) => count(text)), milliseconds })
  }
  const times = asked.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)
  return {
    way,
    containment: depths.map(k => mean(asked.map(({ found }) => (found < k ? 1 : 0)))),
    tokens: depths.map(k => Math.round(mean(asked.map(({ tokens }) => tokens.slice(0, k).reduce((sum, n) => sum + n, 0))))), // prettier-ignore
    p50_ms: times[Math.floor(times.length / 2)]!,
  }
}

function answers({ answer, documents }: AnsweredQuestion, text: string, ids: readonly string[]): boolean {
  return ids.some(id => documents.includes(id)) && contains(text, answer)
}

function table(figures: readonly Figures[]): string {
  const head = ['', ...depths.map(k => `answer@${k}`), ...depths.map(k => `tokens@${k}`), 'p50 ms']
  const rows = figures.map(({ way, containment, tokens, p50_ms }) => [way, ...containment.map(share => share.toFixed(3)), ...tokens.map(String), p50_ms.toFixed(1)]) // prettier-ignore
  return columns([head, ...rows]).join('\n')
}
