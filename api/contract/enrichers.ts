import { z } from 'zod'

/** What can be added to chunks before they are embedded; one file each in api/ingestion/enrichers, registered in its index. */
export const enricherNames = ['title_path', 'summary', 'llm_context'] as const
export type EnricherName = (typeof enricherNames)[number]

const llmEnrichers: readonly EnricherName[] = ['summary', 'llm_context']

/** Those that ask the LLM, and so cost calls. */
export function askingLlm(enrichers: readonly EnricherName[]): EnricherName[] {
  return enrichers.filter(name => llmEnrichers.includes(name))
}

export const enrichersSchema = z
  .array(z.enum(enricherNames).describe('An enricher.'))
  .max(enricherNames.length)
  .default(['title_path'])
  .describe(
    'What is embedded and searched with a chunk beside its own text: `title_path`, the titles that it stands under (always, named or not); `summary`, what the document is about, written by the LLM, kept with the document and read with its first chunk; `llm_context`, one or two sentences by the LLM that place each chunk in its document, one call a chunk.',
  )
