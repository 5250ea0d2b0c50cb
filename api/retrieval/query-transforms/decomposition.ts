import { z } from 'zod'
import { structuredAnswer } from '../../providers/llms/structured-answer.ts'
import { MAX_SEARCHED_CHARACTERS, type QueryTransform } from './transform.ts'

const MOST_PARTS = 4

const schema = z.object({
  questions: z.array(z.string().trim().min(1).max(MAX_SEARCHED_CHARACTERS)).min(1).max(MOST_PARTS),
})

const instructions = `Split the question into at most ${MOST_PARTS} questions that can each be looked up on their own, in its language; one that asks for one
thing stays one. Each must be understandable without the others. Keep names, numbers and codes exactly. Do not answer them.
Shape: {"questions": ["…"]}`

/** A question of several parts as several questions, searched beside the whole one. */
export const decompositionTransform: QueryTransform = {
  name: 'decomposition',
  async transform({ text, signal }, llm) {
    const { questions } = await structuredAnswer(llm, { instructions, input: text, schema, signal })
    return { queries: [...new Set([text, ...questions])] }
  },
}
