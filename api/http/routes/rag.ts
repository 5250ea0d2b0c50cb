import type { Logger } from 'pino'
import { z } from 'zod'
import { mapStream } from '../../answering/map-stream.ts'
import { mostSelfRag } from '../../answering/self-rag/limits.ts'
import { defined } from '../../contract/defined.ts'
import type { AnswerEvent, AnswerResult } from '../../services/answer-event.ts'
import { defineRoute } from '../route.ts'
import {
  answerEvents,
  answerSchema,
  showAnswer,
  showCitation,
  showSource,
  showStep,
  showUsage,
} from './answer-shapes.ts'
import { retrievalBody, retrievalFields, retrievalRequest, showModel } from './retrieve.ts'

const ragBody = retrievalBody.extend({
  mode: z
    .enum(['simple', 'self_rag'])
    .default('simple')
    .describe('`simple`: retrieve once, answer once. `self_rag`: an LLM checks what was found and what it wrote, and tries again.'), // prettier-ignore
  limits: z
    .strictObject({
      iterations: z.int().min(1).max(mostSelfRag.iterations).optional().describe('Retrievals.'),
      regenerations: z.int().min(0).max(mostSelfRag.regenerations).optional().describe('Drafts written anew.'),
      calls: z.int().min(1).max(mostSelfRag.calls).optional().describe('Calls of the LLM.'),
      tokens: z.int().min(1).max(mostSelfRag.tokens).optional().describe('Of all calls together.'),
      seconds: z
        .number()
        .min(0.1)
        .max(mostSelfRag.milliseconds / 1000)
        .optional(),
    })
    .default({})
    .describe('Of `self_rag`, where a question may cost less than it could.'),
  stream: z
    .boolean()
    .default(false)
    .describe('Answer with server-sent events (retrieval, delta, citation, usage, done; error when it fails) as it is written.'), // prettier-ignore
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
      schema: answerSchema,
      events: answerEvents,
    },
  },
  errors: ['KB_NOT_FOUND', 'KB_CONFIG_ERROR', 'UPSTREAM_ERROR'],
  async handler({ scope, body, services, signal, log }) {
    const started = performance.now()
    const request = { ...retrievalRequest(body), mode: body.mode, limits: limitsOf(body.limits), signal }
    const note = (result: AnswerResult) => noteAnswer(log, result, started)
    if (body.stream) {
      const stream = services.answering.stream(scope, request)
      return { status: 200, events: answerStream(stream, note, body.include_trace) }
    }
    const result = await services.answering.answer(scope, request)
    note(result)
    return { status: 200, body: showAnswer(result, body.include_trace), timings: result.timingsMs }
  },
})

function limitsOf({ seconds, ...limits }: z.output<typeof ragBody>['limits']) {
  return defined({ ...limits, milliseconds: seconds === undefined ? undefined : seconds * 1000 })
}

/** One line a question; never the question or a text. */
export function noteAnswer(log: Logger, { retrieval, answer }: AnswerResult, started: number): void {
  const searched = retrieval ? retrievalFields(retrieval, started) : { retriever: null, result_count: 0 }
  log.info({ ...searched, answer_status: answer.status }, 'answered')
}

type Stream = AsyncGenerator<AnswerEvent, AnswerResult, void>

/** The events of an answer as they are sent; the whole answer is the last of them. */
async function* answerStream(stream: Stream, note: (result: AnswerResult) => void, includeTrace: boolean) {
  const result = yield* mapStream(stream, event => [showEvent(event)])
  note(result)
  yield { event: 'usage', data: showUsage(result.usage) } as const
  yield { event: 'done', data: showAnswer(result, includeTrace) } as const
}

function showEvent(event: AnswerEvent) {
  switch (event.type) {
    case 'retrieval': {
      const { retriever, requestedRetriever, embedding, timingsMs } = event.retrieval
      const model = showModel(retriever, requestedRetriever, embedding)
      return { event: 'retrieval', data: { sources: event.sources.map(showSource), model, timings_ms: timingsMs } } as const // prettier-ignore
    }
    case 'reflection':
      return { event: 'reflection', data: showStep(event.reflection) } as const
    case 'delta':
      return { event: 'delta', data: { text: event.text } } as const
    case 'citation':
      return { event: 'citation', data: showCitation(event.citation) } as const
  }
}
