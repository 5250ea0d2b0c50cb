import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { AnswerResult } from '../../../services/answer-event.ts'
import { defineRoute } from '../../route.ts'
import { noteAnswer } from '../rag.ts'
import { chatBody } from './chat-body.ts'
import { answerRequest } from './chat-request.ts'
import { chunkSchema, completionSchema, showCompletion } from './chat-shapes.ts'
import { chatStream } from './chat-stream.ts'

export const chatCompletions = defineRoute({
  method: 'post',
  path: '/v1/chat/completions',
  operationId: 'createChatCompletion',
  summary: 'Answer a conversation from the knowledge bases, as OpenAI’s clients expect it',
  description:
    'The last message is the question; with a history it is searched for as a question that can be understood by itself.',
  tags: ['OpenAI'],
  auth: { role: 'read' },
  errorShape: 'openai',
  body: chatBody,
  responses: {
    200: {
      description: 'The answer, with its citations.',
      schema: completionSchema,
      events: { message: z.union([chunkSchema, z.literal('[DONE]')]) },
    },
  },
  errors: ['MODEL_NOT_FOUND', 'KB_NOT_FOUND', 'KB_CONFIG_ERROR', 'UPSTREAM_ERROR'],
  async handler({ scope, body, services, signal, log }) {
    const started = performance.now()
    const note = (result: AnswerResult) => noteAnswer(log, result, started)
    const request = { ...answerRequest(body, await services.models.find(scope, body.model)), signal }
    const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: body.model }
    if (body.stream) {
      const includeUsage = body.stream_options?.include_usage ?? false
      const answer = services.answering.stream(scope, request)
      return { status: 200, events: chatStream(head, answer, { includeUsage, note }) }
    }
    const result = await services.answering.answer(scope, request)
    note(result)
    return { status: 200, body: showCompletion(head, result) }
  },
})
