import { type AnswerPiece, type Citation, type Source, nothingFound } from './answer.ts'
import { type Span, isHeading, isMarkup, onOneLine, sentences } from './sentences.ts'
import { type Analyze, TermOverlap, type TermWeight } from './term-overlap.ts'

/** An answer of a few sentences is read; one of ten is a search result. */
const MOST_SENTENCES = 3

/** Longer ones are tables and code, which help nobody inside a sentence of an answer. */
const LONGEST_SENTENCE = 600

/** What the sentence's surroundings (title, headings, sentence before) say counts half of what it says itself. */
const CONTEXT_SHARE = 0.5

/** A sentence has to touch this share of the question, weighted by how telling its terms are. */
const LEAST_EVIDENCE = 0.35

/** Further ones have to be about as good as the first, or to add something of the question that is still missing. */
const NEAR_BEST = 0.75
const WORTH_ADDING = 0.15

/** A row of a table or a line of code is taken when it says clearly more than any prose. */
const MARKUP_DISCOUNT = 0.25

/** A lower-ranked source must be better by this share a place to be preferred. */
const RANK_DISCOUNT = 0.03

interface Candidate {
  readonly source: number
  readonly span: Span
  readonly text: string
  /** Terms of the question that the sentence has itself. */
  readonly terms: ReadonlySet<string>
  /** How much of the question it touches, with its surroundings: 0…1. */
  readonly evidence: number
  /** The evidence, less for a lower-ranked source and for mark-up. */
  readonly score: number
}

/**
 * Answers with the sentences of the sources that say most about the question, word for word, each followed by its
 * source's number: a piece a sentence. Pure. Says that it found nothing rather than quoting what does not fit.
 *
 * @param sources best first, as retrieval ordered them
 * @param weight how telling a term is, from the statistics of the knowledge bases
 */
export function extractivePieces(
  question: string,
  sources: readonly Source[],
  analyze: Analyze,
  weight: TermWeight,
): AnswerPiece[] {
  const overlap = new TermOverlap(question, analyze, weight)
  const candidates = sources.flatMap((source, index) => candidatesOf(source, index, overlap, question))
  const chosen = choose(candidates, overlap)
  if (chosen.length === 0) return [{ text: nothingFound.text, citations: [] }]
  return chosen.map((candidate, place) => ({
    text: `${place === 0 ? '' : ' '}${onOneLine(candidate.text)} [${candidate.source + 1}]`,
    citations: [cite(candidate, sources)],
  }))
}

function candidatesOf(source: Source, index: number, overlap: TermOverlap, question: string): Candidate[] {
  const about = overlap.shared(source.context.join('\n'))
  const spans = sentences(source.text)
  return spans.flatMap((span, place) => {
    const text = source.text.slice(span.start, span.end)
    if (text.length > LONGEST_SENTENCE || isHeading(source.text, span) || repeats(text, question)) return []
    const terms = overlap.shared(text)
    const before = spans[place - 1]
    const nearby = before ? overlap.shared(source.text.slice(before.start, before.end)) : new Set<string>()
    const own = overlap.coverage(terms)
    // Context alone is no evidence: every sentence of a chapter would do.
    if (own === 0) return []
    const withContext = overlap.coverage(new Set([...terms, ...about, ...nearby]))
    const discount = (isMarkup(source.text, span) ? MARKUP_DISCOUNT : 0) + Math.min(0.5, RANK_DISCOUNT * index)
    const evidence = own + CONTEXT_SHARE * (withContext - own)
    return [{ source: index, span, text, terms, evidence, score: evidence * (1 - discount) }]
  })
}

/** A list of frequent questions, or an example of a request, holds the question itself: the best match, and no answer. */
function repeats(text: string, question: string): boolean {
  const bare = (value: string) => value.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')
  const asked = /[?？]$/.test(question.trim()) && text.toLowerCase().includes(question.trim().toLowerCase())
  return asked || /[?？]$/.test(text) || bare(text) === bare(question)
}

/** The best sentence, then those near it or with something new, in reading order where they share a source. */
function choose(candidates: readonly Candidate[], overlap: TermOverlap): Candidate[] {
  const ranked = candidates
    .filter(({ evidence }) => evidence >= LEAST_EVIDENCE)
    .sort((a, b) => b.score - a.score || a.source - b.source || a.span.start - b.span.start)
  const best = ranked[0]
  if (!best) return []
  const chosen = [best]
  const covered = new Set(best.terms)
  for (const candidate of ranked.slice(1)) {
    if (chosen.length === MOST_SENTENCES) break
    if (chosen.some(other => sameWords(other.text, candidate.text))) continue
    const gain = overlap.coverage([...candidate.terms].filter(term => !covered.has(term)))
    if (gain < WORTH_ADDING && candidate.score < NEAR_BEST * best.score) continue
    chosen.push(candidate)
    candidate.terms.forEach(term => covered.add(term))
  }
  const firstUse = new Map<number, number>()
  chosen.forEach(({ source }, place) => firstUse.set(source, Math.min(place, firstUse.get(source) ?? place)))
  return chosen.sort((a, b) => firstUse.get(a.source)! - firstUse.get(b.source)! || a.span.start - b.span.start)
}

/** Overlapping chunks repeat sentences, and so do revisions of one document. */
function sameWords(a: string, b: string): boolean {
  const words = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')
  const [left, right] = [words(a), words(b)]
  return left.includes(right) || right.includes(left)
}

function cite(candidate: Candidate, sources: readonly Source[]): Citation {
  const { chunkId, documentId } = sources[candidate.source]!
  return { index: candidate.source + 1, chunkId, documentId, span: candidate.span }
}
