import { z } from 'zod'
import { ApiError } from '../contract/error-codes.ts'
import type { Llm } from '../providers/llms/llm.ts'
import { attempt, structuredAnswer } from '../providers/llms/structured-answer.ts'
import type { MetadataFilter } from '../stores/vectors/metadata-filter.ts'
import { parseFilter } from './filters/parse.ts'
import { NO_LLM } from './instead-of.ts'
import type { MetadataField } from './metadata-fields/metadata-field-source.ts'
import type { RetrievalParts } from './parts.ts'
import { MAX_SEARCHED_CHARACTERS } from './query-transforms/transform.ts'
import type { Retrieval, RetrievalQuery, Retriever } from './retriever.ts'
import { Stopwatch } from './stopwatch.ts'

/** Of every document, beside its own metadata. */
const standing: readonly MetadataField[] = [
  { name: 'title', types: ['string'], examples: [] },
  { name: 'filename', types: ['string'], examples: [] },
  { name: 'page', types: ['number'], examples: [] },
  { name: 'headings', types: ['array'], examples: [] },
]

const instructions = `Split a question into what to search for and conditions on the documents' metadata. Make a condition only of what the question
says about the documents (their year, language, author, kind …), and only on the fields that are listed; else the filter is {}.
Operators: eq, ne, in, nin, gt, gte, lt, lte, exists, contains; and, or (lists) and not combine.
Shape: {"query": "…", "filter": {"year": {"gte": 2020}, "lang": "en"}}`

interface Split {
  readonly query: string
  /** As the model wrote it; null when it has no condition. */
  readonly filter: Record<string, unknown> | null
}

/**
 * A language model reads conditions on metadata out of the question; the rest is searched as `hybrid` does. The filter goes
 * through the same parser as a caller's, may name only fields that the documents have, and only ever narrows the
 * request's own. One that cannot be used, or that nothing passes, is left out, and the trace says why.
 */
export function selfQueryRetriever(parts: RetrievalParts, hybrid: Retriever): Retriever {
  return {
    name: 'self_query',
    async retrieve(query): Promise<Retrieval> {
      const llm = query.models?.llm
      if (!llm) return unfiltered(hybrid, query, NO_LLM)
      const stopwatch = new Stopwatch()
      const own = await stopwatch.time('fields', () => parts.fields.fields(query.scope, query.knowledgeBaseIds))
      const fields = [...standing.filter(({ name }) => !own.some(field => field.name === name)), ...own]
      const asked = await stopwatch.time('llm', () => attempt(() => split(llm, query, fields)))
      if ('reason' in asked) return unfiltered(hybrid, query, asked.reason)
      const { query: text, filter } = asked.value
      const told = { llm: { provider: llm.provider, model: llm.model }, query: text, filter }
      const narrowed = filter ? { ...query, text, filter: both(query.filter, parseFilter(filter)) } : query
      const found = await hybrid.retrieve(narrowed)
      const timings = { ...found.timings, ...stopwatch.timings }
      if (filter && found.chunks.length === 0) {
        const reason = 'nothing passes the filter that the LLM made'
        return unfiltered(hybrid, query, reason, told)
      }
      const retriever = found.retriever === 'hybrid' ? 'self_query' : found.retriever
      return { ...found, retriever, timings, trace: { ...found.trace, self_query: told } }
    },
  }
}

async function unfiltered(hybrid: Retriever, query: RetrievalQuery, reason: string, told = {}): Promise<Retrieval> {
  const found = await hybrid.retrieve(query)
  const fallback = { from: 'self_query', to: found.retriever, reason }
  return { ...found, trace: { ...found.trace, self_query: { ...told, filter: null }, fallback } }
}

/** @throws UnusableAnswer, ProviderError */
async function split(llm: Llm, query: RetrievalQuery, fields: readonly MetadataField[]): Promise<Split> {
  const list = fields.map(({ name, types, examples }) => `- ${name} (${types.join(' or ')})${examples.length > 0 ? `, such as ${examples.join(', ')}` : ''}`) // prettier-ignore
  const input = `Fields:\n${list.join('\n')}\n\nQuestion: ${query.text}`
  const names = new Set(fields.map(({ name }) => name))
  const { query: text, filter } = await structuredAnswer(llm, { instructions, input, schema: splitSchema(names), signal: query.signal }) // prettier-ignore
  return { query: text, filter: Object.keys(filter).length > 0 ? filter : null }
}

/** Checked by the callers' parser, so that a fault is told to the model in the words in which callers are told theirs. */
function splitSchema(names: ReadonlySet<string>) {
  const filter = z.record(z.string(), z.unknown()).superRefine((value, context) => {
    const message = filterFault(value, names)
    if (message !== null) context.addIssue({ code: 'custom', message })
  })
  return z.object({ query: z.string().trim().min(1).max(MAX_SEARCHED_CHARACTERS), filter })
}

/** What is wrong with a filter that a model made; null when nothing is. Pure. */
export function filterFault(json: unknown, names: ReadonlySet<string>): string | null {
  try {
    const unknown = fieldsOf(parseFilter(json, 'filter')).find(field => !names.has(field) && !names.has(field.split('.')[0]!)) // prettier-ignore
    return unknown === undefined ? null : `the field ${JSON.stringify(unknown.slice(0, 60))} is not one of those listed`
  } catch (error) {
    if (error instanceof ApiError) return error.message
    throw error
  }
}

function fieldsOf(filter: MetadataFilter): string[] {
  if ('and' in filter) return filter.and.flatMap(fieldsOf)
  if ('or' in filter) return filter.or.flatMap(fieldsOf)
  return 'not' in filter ? fieldsOf(filter.not) : [filter.field]
}

function both(own: MetadataFilter | undefined, made: MetadataFilter): MetadataFilter {
  return own ? { and: [own, made] } : made
}
