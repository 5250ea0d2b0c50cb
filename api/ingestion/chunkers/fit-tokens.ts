import { skipBlank } from './breaks.ts'
import { cut } from './pack.ts'
import type { Span } from './span.ts'

/** What a span may measure, by the tokenizer's own count. */
export interface TokenLimits {
  /** Tokens of a part of a text. */
  readonly count: (part: string) => number
  readonly most: number
  /** The most that a span repeats of the one before. */
  readonly mostRepeated: number
}

/**
 * Spans that measure `most` at most, whatever the text: those that hold more are cut again, smaller, and what repeats more
 * than it may repeats nothing. Sums of small pieces cannot promise that, because a tokenizer may make more of a whole than of
 * its parts ("alalalalal": a token every four letters or every two, depending on where it begins).
 * @param spans in order of `start`, together all of the text that counts
 */
export function fitTokens(text: string, spans: readonly Span[], limits: TokenLimits): Span[] {
  const fitted: Span[] = []
  let covered = 0
  for (const span of spans) {
    const repeats = covered > span.start && tokensOf(text.slice(span.start, covered), limits) > limits.mostRepeated
    fitted.push(...divided(text, repeats ? { start: skipBlank(text, covered, span.end), end: span.end } : span, limits))
    covered = Math.max(covered, span.end)
  }
  return fitted
}

/** In halves, until each fits; a character fits always. */
function divided(text: string, span: Span, limits: TokenLimits): Span[] {
  const part = text.slice(span.start, span.end).trim()
  if (part.length <= 2 || tokensOf(part, limits) <= limits.most) return [span]
  const halves = cut(text, span, { size: Math.ceil((span.end - span.start) / 2) + 1, overlap: 0 })
  return halves.flatMap(half => (half.end - half.start < span.end - span.start ? divided(text, half, limits) : [half]))
}

/** Tokenizers take time that grows with the square of a word: a text with a longer one than this is counted in blocks. */
const LONGEST_WORD = 512
const words = /\S+|\s+/g
const blocks = /[^]{1,256}/gu
/** What an end of a block inside of a word can hide: twice what was seen in 80,000 random texts. */
const SEAM = 4

/** Exact, but for endless words, of which it says a little too much. */
function tokensOf(part: string, { count }: TokenLimits): number {
  if ((part.match(words) ?? []).every(word => word.length <= LONGEST_WORD)) return count(part)
  return (part.match(blocks) ?? []).reduce((sum, block) => sum + count(block) + SEAM, 0)
}
