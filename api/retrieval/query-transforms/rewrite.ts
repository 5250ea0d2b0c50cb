import { z } from 'zod'
import { structuredAnswer } from '../../providers/llms/structured-answer.ts'
import { MAX_SEARCHED_CHARACTERS, type QueryTransform } from './transform.ts'

const schema = z.object({ query: z.string().trim().min(1).max(MAX_SEARCHED_CHARACTERS) })

const instructions = `Rewrite the question for a search in documents: spell out abbreviations that are certain, correct spelling, drop
greetings and what is said about the asker. Keep names, numbers and codes exactly, and the language. Do not answer it.
Shape: {"query": "…"}`

/** One question in better words, for questions as people type them. */
export const rewriteTransform: QueryTransform = {
  name: 'rewrite',
  async transform({ text, signal }, llm) {
    const { query } = await structuredAnswer(llm, { instructions, input: text, schema, signal })
    return { queries: [query] }
  },
}
