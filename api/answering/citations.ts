import { type Answer, type Citation, type Source, nothingFound } from './answer.ts'
import { INSUFFICIENT } from './prompt.ts'
import { type Span, isHeading, sentences } from './sentences.ts'
import { type Analyze, TermOverlap, type TermWeight } from './term-overlap.ts'

/** `[1]`, `[1, 3]`, `[1-3]`, `【1】`, and the white space before it. */
const MARKER = /[ \t]*[[【]\s*(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\s*[\]】]/g

/**
 * Turns what a model wrote into an answer: every `[n]` that names a source becomes a citation that points at the sentence
 * of the source that says most of what was claimed, and every other number is taken out of the text. Pure. An answer that
 * no source supports keeps its text, and its status says so.
 */
export function citedAnswer(written: string, sources: readonly Source[], analyze: Analyze, weight: TermWeight): Answer {
  if (written.trim() === '' || written.includes(INSUFFICIENT)) return nothingFound
  const citations: Citation[] = []
  const cited = (index: number, claim: string) => {
    const source = sources[index - 1]!
    const span = supportingSpan(claim, source, analyze, weight)
    const known = citations.some(other => other.index === index && other.span.start === span.start)
    if (!known) citations.push({ index, chunkId: source.chunkId, documentId: source.documentId, span })
  }
  const code = codeRanges(written)
  const text = written.replace(MARKER, (marker, list: string, offset: number) => {
    if (code.some(range => range.start <= offset && offset < range.end)) return marker
    const named = numbers(list).filter(number => number >= 1 && number <= sources.length)
    if (named.length === 0) return ''
    const claim = claimBefore(written, offset)
    named.forEach(index => cited(index, claim))
    return `${/^[ \t]/.test(marker) ? ' ' : ''}${named.map(index => `[${index}]`).join('')}`
  })
  return { text: text.trim(), status: citations.length > 0 ? 'supported' : 'insufficient_evidence', citations }
}

/** `list[0]` in a piece of code is no citation. */
function codeRanges(written: string): Span[] {
  return [...written.matchAll(/```[\s\S]*?(```|$)|`[^`\n]*`/g)].map(({ index, 0: code }) => ({
    start: index,
    end: index + code.length,
  }))
}

/** `1, 3-5` → 1, 3, 4, 5. A range that is none (`9-2`) gives its ends. */
function numbers(list: string): number[] {
  const found = list.split(/[,;]/).flatMap(part => {
    const ends = part.split(/[–-]/).map(Number)
    const [first, last] = [ends[0]!, ends.at(-1)!]
    return last > first && last - first < 50 ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : ends
  })
  return [...new Set(found)]
}

/** The sentence that the marker at `offset` closes. */
function claimBefore(written: string, offset: number): string {
  const plain = written.slice(0, offset).replace(MARKER, found => ' '.repeat(found.length))
  const last = sentences(plain).at(-1)
  return last ? plain.slice(last.start, last.end) : ''
}

function supportingSpan(claim: string, source: Source, analyze: Analyze, weight: TermWeight): Span {
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
