import { z } from 'zod'
import { answerStatuses } from '../../answering/answer.ts'
import type { AnswerResult } from '../../services/answer-event.ts'
import type { RetrievalResult } from '../../services/retrieval.ts'
import { noteAnswer } from '../routes/rag.ts'
import { retrievalBody, retrievalFields, retrievalRequest } from '../routes/retrieve.ts'
import type { ToolContext } from './tool-context.ts'

/** What models can do here. Descriptions are read by models: they say when to use a tool. */
export interface Tool<I extends z.ZodRawShape = z.ZodRawShape> {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly input: I
  readonly output: z.ZodRawShape
  /** `text` is for models that read no structure, and says the same. */
  run(
    input: z.output<z.ZodObject<I>>,
    context: ToolContext,
  ): Promise<{ text: string; structure: Record<string, unknown> }>
}

const asked = retrievalBody.pick({ query: true, knowledge_base_ids: true, top_k: true, metadata_filter: true }).shape

/** Of searching only: an answer is written from chunks. */
const searched = { ...asked, ...retrievalBody.pick({ group_by: true }).shape }

const passage = z.object({
  index: z.int().describe('Its number, from 1.'),
  text: z.string(),
  title: z.string().nullable().describe('Of its document.'),
  score: z.number(),
  chunk_id: z.string(),
  document_id: z.string(),
  knowledge_base_id: z.string(),
  chunks_found: z.int().nullable().describe('With group_by document: how many parts of the document were found.'),
})

const search = tool({
  name: 'search',
  title: 'Search documents',
  description:
    'Finds the passages of the documents in the knowledge bases that fit a question. Use it to read what the documents say, in their own words; with group_by document, to learn which documents are about something.',
  input: searched,
  output: { results: z.array(passage) },
  async run(input, { scope, services, signal, log }) {
    const started = performance.now()
    const found = await services.retrieval.retrieve(scope, { ...retrievalRequest(retrievalBody.parse(input)), signal })
    log.info(retrievalFields(found, started), 'retrieved')
    const results = found.chunks.map((chunk, place) => showPassage(chunk, place + 1))
    return { text: passages(results), structure: { results } }
  },
})

const answer = tool({
  name: 'answer',
  title: 'Answer from documents',
  description:
    'Answers a question from the documents in the knowledge bases, with citations [n]. Use it when an answer is wanted and not the passages; a status of insufficient_evidence means that the documents do not tell.',
  input: asked,
  output: { answer: z.string(), status: z.enum(answerStatuses), sources: z.array(passage) },
  async run(input, { scope, services, signal, log }) {
    const started = performance.now()
    const result = await services.answering.answer(scope, { ...retrievalRequest(retrievalBody.parse(input)), signal })
    noteAnswer(log, result, started)
    const sources = citedSources(result)
    const text = sources.length === 0 ? result.answer.text : `${result.answer.text}\n\nSources:\n\n${passages(sources)}`
    return { text, structure: { answer: result.answer.text, status: result.answer.status, sources } }
  },
})

const MOST_LISTED = 100

const listKnowledgeBases = tool({
  name: 'list_knowledge_bases',
  title: 'List knowledge bases',
  description: 'Lists the knowledge bases that can be searched, with their ids and what is in them.',
  input: {},
  output: {
    knowledge_bases: z.array(z.object({ id: z.string(), name: z.string(), description: z.string() })),
    total: z.int().describe('How many there are; the first 100 are listed.'),
  },
  async run(_input, { scope, services }) {
    const { items, total } = await services.knowledgeBases.list(scope, { limit: MOST_LISTED, offset: 0 })
    const knowledge_bases = items.map(({ id, name, description }) => ({ id, name, description }))
    const lines = knowledge_bases.map(({ id, name, description }) => `- ${name} (${id})${description && `: ${description}`}`) // prettier-ignore
    return { text: lines.join('\n') || 'There are none.', structure: { knowledge_bases, total } }
  },
})

export const tools: readonly Tool[] = [search, answer, listKnowledgeBases]

/** Checks a tool where it is written; the server parses with these very schemas before it runs one. */
function tool<I extends z.ZodRawShape>(definition: Tool<I>): Tool {
  return definition
}

type Chunk = RetrievalResult['chunks'][number]

function showPassage(chunk: Chunk, index: number): z.output<typeof passage> {
  const title = chunk.metadata['title']
  return {
    index,
    text: chunk.text,
    title: typeof title === 'string' ? title : null,
    score: chunk.score,
    chunk_id: chunk.chunkId,
    document_id: chunk.documentId,
    knowledge_base_id: chunk.knowledgeBaseId,
    chunks_found: chunk.group?.chunkIds.length ?? null,
  }
}

/** Those that the answer refers to, with the numbers that it refers to them by. */
function citedSources({ answer: { citations }, sources }: AnswerResult) {
  const cited = new Set(citations.map(({ index }) => index))
  return sources.filter(({ index }) => cited.has(index)).map(source => showPassage(source, source.index))
}

function passages(found: readonly z.output<typeof passage>[]): string {
  if (found.length === 0) return 'Nothing was found.'
  return found.map(({ index, title, text }) => `[${index}] ${title === null ? '' : `${title}\n`}${text}`).join('\n\n')
}
