import type { Answer, NumberedSources } from './answer.ts'
import { CitationReader } from './citation-reader.ts'
import type { Analyze, TermWeight } from './term-overlap.ts'

/** Turns what a model wrote, as a whole, into an answer; see CitationReader for what it makes of the numbers. Pure. */
export function citedAnswer(written: string, sources: NumberedSources, analyze: Analyze, weight: TermWeight): Answer {
  const reader = new CitationReader(sources, analyze, weight)
  reader.read(written)
  reader.end()
  return reader.answer
}
