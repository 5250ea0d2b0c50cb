import { firstBreak, skipBlank } from './breaks.ts'
import { cut } from './pack.ts'
import type { Span } from './span.ts'

/** What a span may measure, by the tokenizer's own count. */
export interface TokenLimits {
  /** Tokens of a part of a text. */
  readonly count: (part: string) => number
  readonly most: number
  /** The most that a span repeats of the one before; absent: that is not looked at. */
  readonly mostRepeated?: number
  /** Characters that the parts of a span that is cut again repeat; none when absent. */
  readonly overlap?: number
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
    const start = startOf(text, span, { last: fitted.at(-1), covered }, limits)
    fitted.push(...divided(text, { start, end: span.end }, limits))
    covered = Math.max(covered, span.end)
  }
  return fitted
}

/** Where a span starts, now that the one before may have come in parts and its tokens are counted. */
function startOf(
  text: string,
  span: Span,
  before: { readonly last: Span | undefined; readonly covered: number },
  limits: TokenLimits,
): number {
  const { last, covered } = before
  const { mostRepeated = Infinity } = limits
  const half = last ? last.end - Math.floor((last.end - last.start) / 2) : 0
  const start = last && span.start <= last.start ? firstBreak(text, half, last.end) : span.start
  const repeats = start < covered && mostRepeated < Infinity
  return repeats && tokensOf(text.slice(start, covered), limits) > mostRepeated
    ? skipBlank(text, covered, span.end)
    : start
}

/** No vocabulary makes more of a UTF-16 code unit: three bytes, or the three letters of a Korean syllable. */
const TOKENS_A_CHARACTER = 3

/** In as many parts as it needs, about; a character fits always. */
function divided(text: string, span: Span, limits: TokenLimits): Span[] {
  const part = text.slice(span.start, span.end).trim()
  if (part.length <= 2 || part.length * TOKENS_A_CHARACTER <= limits.most) return [span]
  const tokens = tokensOf(part, limits)
  if (tokens <= limits.most) return [span]
  const length = span.end - span.start
  const size = Math.ceil(length / Math.max(2, Math.ceil(tokens / limits.most))) + 1
  const overlap = Math.min(limits.overlap ?? 0, Math.floor(size / 2))
  const parts = cut(text, span, { size, overlap })
  return parts.flatMap(one => (one.end - one.start < length ? divided(text, one, limits) : [one]))
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
