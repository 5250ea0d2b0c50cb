import { z } from 'zod'
import { answerStatuses } from '../../../answering/answer.ts'
import type { AnswerResult } from '../../../services/answer-event.ts'
import { citationSchema, showCitation, showSource, showUsage, sourceSchema, usageSchema } from '../answer-shapes.ts'

/** What OpenAI's clients read, and beside it what only an answer from documents has. */

const finishReason = z.enum(['stop', 'length'])

const evidence = {
  citations: z.array(citationSchema).describe('Of `[n]` in the answer; more than OpenAI has.'),
  sources: z.array(sourceSchema).describe('What the answer was made from; more than OpenAI has.'),
  answer_status: z.enum(answerStatuses).describe('Whether the sources support the answer; more than OpenAI has.'),
}

export const completionSchema = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.int().describe('In seconds since 1970.'),
  model: z.string().describe('As asked for.'),
  choices: z.array(
    z.object({
      index: z.literal(0),
      message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
      logprobs: z.null(),
      finish_reason: finishReason,
    }),
  ),
  usage: usageSchema.describe('Of the LLM, all its calls for this answer; zero when none was asked.'),
  ...evidence,
})

export const chunkSchema = z.object({
  id: z.string().describe('The same in all pieces of an answer.'),
  object: z.literal('chat.completion.chunk'),
  created: z.int(),
  model: z.string(),
  choices: z
    .array(
      z.object({
        index: z.literal(0),
        delta: z.object({ role: z.literal('assistant').optional(), content: z.string().optional() }),
        logprobs: z.null(),
        finish_reason: finishReason.nullable(),
      }),
    )
    .describe('None in the piece that has the usage.'),
  usage: usageSchema.nullable().optional().describe('With stream_options.include_usage only; null but in the last.'),
  citations: evidence.citations.optional().describe('In the piece that has finish_reason.'),
  sources: evidence.sources.optional().describe('In the piece that has finish_reason.'),
  answer_status: evidence.answer_status.optional().describe('In the piece that has finish_reason.'),
})

export type Completion = z.output<typeof completionSchema>
export type Chunk = z.output<typeof chunkSchema>

/** What all pieces of one answer have in common. */
export interface AnswerHead {
  readonly id: string
  /** In seconds since 1970. */
  readonly created: number
  readonly model: string
}

export function showCompletion(head: AnswerHead, result: AnswerResult): Completion {
  const message = { role: 'assistant', content: result.answer.text, refusal: null } as const
  return {
    ...head,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: result.finishReason }],
    usage: showUsage(result.usage),
    ...showEvidence(result),
  }
}

export function showEvidence({ answer, sources }: AnswerResult): Pick<Completion, keyof typeof evidence> {
  return {
    citations: answer.citations.map(showCitation),
    sources: sources.map(showSource),
    answer_status: answer.status,
  }
}
