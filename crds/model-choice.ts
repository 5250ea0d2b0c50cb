import { z } from 'zod'
import { llmProviders, rerankProviders } from '../api/contract/model-providers.ts'

const chosen = ([, ...providers]: readonly string[], description: string) =>
  z
    .string()
    .max(300)
    .regex(
      new RegExp(`^(none|(${providers.join('|')}):[^,\\s]+)$`),
      `must be none, or provider:model with a provider of ${providers.join(', ')}`,
    )
    .optional()
    .describe(description)

/** Names only: where a model is and its key are the pipeline's. Absent: what stands above it says, at last the pipeline. */
export const modelChoiceSchema = z
  .strictObject({
    llm: chosen(llmProviders, 'Who writes answers: provider:model, the pipeline\'s own or one of its spec.models.llm.choices; `none`: nobody.'), // prettier-ignore
    reranker: chosen(rerankProviders, 'Who reranks: provider:model, the pipeline\'s own or one of its spec.models.reranker.choices; `none`: nobody.'), // prettier-ignore
  })
  .optional()
