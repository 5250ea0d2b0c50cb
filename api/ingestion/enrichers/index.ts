import { enricherNames, type EnricherName } from '../../contract/enrichers.ts'
import type { Enricher } from './enricher.ts'
import { llmContextEnricher } from './llm-context.ts'
import { summaryEnricher } from './summary.ts'
import { titlePathEnricher } from './title-path.ts'

/** Every enricher by its name. */
export const enrichers: Readonly<Record<EnricherName, Enricher>> = {
  title_path: titlePathEnricher,
  summary: summaryEnricher,
  llm_context: llmContextEnricher,
}

/** Those that are asked for, in the order in which what they say is read. */
export function chosenEnrichers(wanted: readonly EnricherName[]): Enricher[] {
  return enricherNames.filter(name => wanted.includes(name)).map(name => enrichers[name])
}
