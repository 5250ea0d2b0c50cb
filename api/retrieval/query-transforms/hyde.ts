import { z } from 'zod'
import type { Llm } from '../../providers/llms/llm.ts'
import { structuredAnswer } from '../../providers/llms/structured-answer.ts'
import type { QueryTransform } from './transform.ts'

const schema = z.object({ passage: z.string().trim().min(1).max(4000) })

const instructions = `Write the passage of a reference document that would answer the question: two to five sentences in the style of such a
document and in the question's language, without addressing the reader. Its facts need not be true; its words matter.
Shape: {"passage": "…"}`

/**
 * A passage that would answer the question (HyDE, Gao et al. 2022): it lies nearer to real passages than a question does. It is
 * searched with and never shown as an answer.
 */
export async function hypotheticalPassage(llm: Llm, text: string, signal?: AbortSignal): Promise<string> {
  const { passage } = await structuredAnswer(llm, { instructions, input: text, schema, signal })
  return passage
}

export const hydeTransform: QueryTransform = {
  name: 'hyde',
  async transform({ text, signal }, llm) {
    return { hypothetical: await hypotheticalPassage(llm, text, signal) }
  },
}
