import { z } from 'zod'
import { defineRoute } from '../route.ts'
import {
  modelSchema,
  retrievalBody,
  retrievalFields,
  retrievalRequest,
  showChunk,
  showModel,
  sourceSchema,
  timingsSchema,
  traceSchema,
} from './retrieve.ts'

const citationSchema = z.object({
  index: z.int().describe('The number in square brackets, and the place of the source in `sources`, from 1.'),
  chunk_id: z.uuid(),
  document_id: z.uuid(),
  span: z
    .object({ start: z.int(), end: z.int() })
    .describe('Where in the text of the chunk it is said, in UTF-16 code units, `end` excluded.'),
})

const ragBody = retrievalBody.extend({
  mode: z.literal('simple').default('simple').describe('Retrieve once, answer once.'),
  stream: z.literal(false, 'streaming is not available; leave it out').default(false).describe('Must be false.'),
})

export const rag = defineRoute({
  method: 'post',
  path: '/v1/rag',
  operationId: 'answer',
  summary: 'Answer a question from the knowledge bases, with citations',
  description:
    'With an LLM configured it writes the answer; without one the answer is made of sentences from the documents.',
  tags: ['retrieval'],
  auth: { role: 'read' },
  body: ragBody,
  responses: {
    200: {
      description: 'The answer. Its status says whether the sources support it.',
      schema: z.object({
        answer: z.string().describe('Text in which `[n]` refers to the source with that number.'),
        status: z.enum(['supported', 'insufficient_evidence']),
        citations: z.array(citationSchema),
        sources: z.array(sourceSchema),
        usage: z.object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() }),
        model: modelSchema.extend({
          llm: z.object({ provider: z.string(), model: z.string() }).nullable().describe('Null: no model was asked.'),
        }),
        timings_ms: timingsSchema,
        trace: traceSchema.optional(),
      }),
    },
  },
  errors: ['KB_NOT_FOUND', 'KB_CONFIG_ERROR', 'UPSTREAM_ERROR'],
  async handler({ scope, body, services, signal, log }) {
    const started = performance.now()
    const { answer, retrieval, llm, usage, timingsMs } = await services.answering.answer(scope, {
      ...retrievalRequest(body),
      signal,
    })
    log.info({ ...retrievalFields(retrieval, started), answer_status: answer.status }, 'answered')
    return {
      status: 200,
      body: {
        answer: answer.text,
        status: answer.status,
        citations: answer.citations.map(({ index, chunkId, documentId, span }) => ({
          index,
          chunk_id: chunkId,
          document_id: documentId,
          span,
        })),
        sources: retrieval.chunks.map((chunk, index) => ({ index: index + 1, ...showChunk(chunk) })),
        usage: {
          prompt_tokens: usage.promptTokens,
          completion_tokens: usage.completionTokens,
          total_tokens: usage.promptTokens + usage.completionTokens,
        },
        model: { ...showModel(retrieval.retriever, retrieval.requestedRetriever, retrieval.embedding), llm },
        timings_ms: timingsMs,
        ...(body.include_trace && { trace: retrieval.trace }),
      },
    }
  },
})
