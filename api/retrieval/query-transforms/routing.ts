import { z } from 'zod'
import { structuredAnswer } from '../../providers/llms/structured-answer.ts'
import type { QueryTransform } from './transform.ts'

const instructions = `Choose the knowledge bases in which the question can be answered, by name and description. Choose several when
unsure. Shape: {"knowledge_bases": [numbers]}`

/** Only those knowledge bases that the question is about; by number, so that nothing else can be named. */
export const routingTransform: QueryTransform = {
  name: 'routing',
  async transform({ text, knowledgeBases, signal }, llm) {
    if (knowledgeBases.length < 2) return {}
    const number = z.int().min(1).max(knowledgeBases.length)
    const schema = z.object({ knowledge_bases: z.array(number).min(1).max(knowledgeBases.length) })
    const list = knowledgeBases
      .map(({ name, description }, index) => `${index + 1}. ${name}: ${description}`)
      .join('\n')
    const input = `Knowledge bases:\n${list}\n\nQuestion: ${text}`
    const { knowledge_bases: chosen } = await structuredAnswer(llm, { instructions, input, schema, signal })
    return { knowledgeBaseIds: [...new Set(chosen)].map(place => knowledgeBases[place - 1]!.id) }
  },
}
