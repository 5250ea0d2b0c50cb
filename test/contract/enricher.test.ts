import type { EnricherName } from '../../api/contract/enrichers.ts'
import { enrichers } from '../../api/ingestion/enrichers/index.ts'
import { enricherContract } from './enricher.ts'

/** Calls of the LLM, for a document and for each of its chunks. */
const calls: Readonly<Record<EnricherName, { summary: number; chunk: number }>> = {
  title_path: { summary: 0, chunk: 0 },
  summary: { summary: 1, chunk: 0 },
  llm_context: { summary: 0, chunk: 1 },
}

for (const enricher of Object.values(enrichers)) enricherContract(enricher, { calls: calls[enricher.name] })
