import { z } from 'zod'

export const MAX_ANSWER_PROMPT_CHARACTERS = 4000

/** How answers from a knowledge base are written. */
export const answeringSchema = z.strictObject({
  prompt: z
    .string()
    .trim()
    .min(1)
    .max(MAX_ANSWER_PROMPT_CHARACTERS)
    .optional()
    .describe('What an LLM is told before it answers: who it is, its tone, what to leave out. The rules on sources and citations are always added.'), // prettier-ignore
})

export type AnsweringSettings = z.output<typeof answeringSchema>

/** Of a knowledge base's stored settings. What an older or newer version wrote and this one does not understand is not set. */
export function readAnswering(settings: Readonly<Record<string, unknown>>): AnsweringSettings {
  return answeringSchema.catch({}).parse(settings['answering'] ?? {})
}
