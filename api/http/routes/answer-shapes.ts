import { z } from 'zod'
import { type Citation, answerStatuses } from '../../answering/answer.ts'
import type { Reflection } from '../../answering/self-rag/run-self-rag.ts'
import { errorCodes } from '../../contract/error-codes.ts'
import type { Usage } from '../../providers/llms/llm.ts'
import type { AnswerResult, NumberedChunk } from '../../services/answer-event.ts'
import { chunkSchema, modelSchema, showChunk, showModel, timingsSchema, traceSchema } from './retrieve.ts'

/** What answers look like, wherever they are given. */

export const citationSchema = z.object({
  index: z.int().describe('The number in square brackets, and the place of the source in `sources`, from 1.'),
  chunk_id: z.uuid(),
  document_id: z.uuid(),
  span: z
    .object({ start: z.int(), end: z.int() })
    .describe('Where in the text of the chunk it is said, in UTF-16 code units, `end` excluded.'),
})

export const sourceSchema = chunkSchema.extend({ index: z.int().describe('Its number in the answer, from 1.') })

export const usageSchema = z.object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() })

export const answerModelSchema = modelSchema.extend({
  retriever: modelSchema.shape.retriever.nullable().describe('Null: the question needed no documents (self_rag).'),
  requested_retriever: modelSchema.shape.requested_retriever.nullable(),
  llm: z.object({ provider: z.string(), model: z.string() }).nullable().describe('Null: no model was asked.'),
})

const reflectionSchema = z.object({
  iterations: z.int().describe('Retrievals.'),
  regenerations: z.int().describe('Drafts that were written anew because of claims without support.'),
  calls: z.int().describe('Calls of the LLM.'),
  usefulness: z.int().nullable().describe('1 to 5, how well the answer answers the question; null: not graded.'),
  unsupported_claims: z.array(z.string()).describe('Sentences of the draft that the sources do not fully say.'),
})

/** One thing that Self-RAG did. */
const stepSchema = z.object({
  step: z.enum(['decide', 'reply', 'retrieve', 'grade_passages', 'rewrite', 'generate', 'grade_draft', 'finish']),
  iteration: z.int().describe('Retrievals so far.'),
  calls: z.int().describe('Calls of the LLM so far.'),
  detail: z.record(z.string(), z.unknown()),
})

export const answerSchema = z.object({
  answer: z.string().describe('Text in which `[n]` refers to the source with that number.'),
  status: z.enum(answerStatuses).describe('Whether the sources support the answer.'),
  citations: z.array(citationSchema),
  sources: z.array(sourceSchema),
  usage: usageSchema,
  model: answerModelSchema,
  timings_ms: timingsSchema,
  reflection: reflectionSchema.optional().describe('With mode self_rag only.'),
  trace: traceSchema.optional(),
})

/** The events of a streamed answer, by name, in the order of their first appearance. */
export const answerEvents = {
  retrieval: z.object({ sources: z.array(sourceSchema), model: modelSchema, timings_ms: timingsSchema }),
  delta: z.object({ text: z.string().describe('The next piece of the answer; all pieces together are the answer.') }),
  citation: citationSchema,
  reflection: stepSchema.describe('With mode self_rag: what was done, as it is done.'),
  usage: usageSchema,
  error: z.object({ detail: z.string(), code: z.enum(errorCodes) }),
  done: answerSchema.describe('The last event of an answer: all of it, as without `stream`.'),
}

export function showCitation({ index, chunkId, documentId, span }: Citation): z.output<typeof citationSchema> {
  return { index, chunk_id: chunkId, document_id: documentId, span }
}

export function showSource(chunk: NumberedChunk): z.output<typeof sourceSchema> {
  return { index: chunk.index, ...showChunk(chunk) }
}

export function showUsage({ promptTokens, completionTokens }: Usage): z.output<typeof usageSchema> {
  return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens } // prettier-ignore
}

export function showStep(step: Reflection): z.output<typeof stepSchema> {
  return { ...step, detail: { ...step.detail } }
}

export function showAnswer(result: AnswerResult, includeTrace: boolean): z.output<typeof answerSchema> {
  const { answer, retrieval, reflection, sources, usage, llm, timingsMs } = result
  return {
    answer: answer.text,
    status: answer.status,
    citations: answer.citations.map(showCitation),
    sources: sources.map(showSource),
    usage: showUsage(usage),
    model: { ...showRetriever(retrieval), llm },
    timings_ms: timingsMs,
    ...(reflection && { reflection: showReflection(reflection) }),
    ...(includeTrace && { trace: { ...retrieval?.trace, ...(reflection && { self_rag: reflection.reflections.map(showStep) }) } }), // prettier-ignore
  }
}

function showRetriever(retrieval: AnswerResult['retrieval']) {
  if (!retrieval) return { retriever: null, requested_retriever: null, embedding: null }
  return showModel(retrieval.retriever, retrieval.requestedRetriever, retrieval.embedding)
}

function showReflection(reflection: NonNullable<AnswerResult['reflection']>): z.output<typeof reflectionSchema> {
  const { iterations, regenerations, calls, usefulness, unsupportedClaims } = reflection
  return { iterations, regenerations, calls, usefulness, unsupported_claims: [...unsupportedClaims] }
}
