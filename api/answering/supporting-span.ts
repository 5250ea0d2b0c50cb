import type { Source } from './answer.ts'
import { type Span, isHeading, sentences } from './sentences.ts'
import { type Analyze, TermOverlap, type TermWeight } from './term-overlap.ts'

/** The sentence of a source that says most of what is claimed; the whole text when they share no word. Pure. */
export function supportingSpan(claim: string, source: Source, analyze: Analyze, weight: TermWeight): Span {
  const overlap = new TermOverlap(claim, analyze, weight)
  let best: { span: Span; coverage: number } | undefined
  for (const span of sentences(source.text)) {
    if (isHeading(source.text, span)) continue
    const coverage = overlap.coverage(overlap.shared(source.text.slice(span.start, span.end)))
    if (coverage > (best?.coverage ?? 0)) best = { span, coverage }
  }
  // Nothing in common word for word (a translation, a paraphrase): the whole chunk is what was cited.
  return best?.span ?? { start: 0, end: source.text.length }
}
