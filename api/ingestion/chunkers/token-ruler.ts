import type { Ruler } from './ruler.ts'

/**
 * Pieces that are counted at once: a word with the blank before it, a part of a very long one, many blanks. By code points:
 * half of a surrogate pair is fewer tokens than its share of the pair.
 */
const pieces = /\s?\S{1,16}|\s{1,64}/gu

/** Where the tokenizer sees no end of a word: what is cut there can be one token more in a whole than in its parts. */
const SEAM = 1

/**
 * Measures a text in tokens. Pieces are counted, each once, and added up: the whole is hardly ever more, and who must be
 * sure counts what was cut (fit-tokens.ts). To count the whole at every place where a chunk might end would take quadratic
 * time, as tokenizers do for an endless word.
 * @param count tokens of a part of a text
 * @param longest the most characters, whatever their tokens
 */
export function tokenRuler(text: string, count: (part: string) => number, longest: number): Ruler {
  const { starts, totals } = measure(text, count)
  // Tokens of everything before the piece that `position` is in.
  const before = (position: number) => totals[lastAtMost(starts, position)]!
  return {
    reach(from, size) {
      const last = lastAtMost(totals, before(from) + size)
      // Two, so that a character outside of the basic plane is never split.
      return Math.max(Math.min(starts[last]!, from + longest), from + 2)
    },
    reachBack(to, size) {
      const first = firstAtLeast(totals, totals[firstAtLeast(starts, to)]! - size)
      return Math.min(to, Math.max(starts[first]!, to - longest))
    },
  }
}

/** Tokens of a text, counted in its pieces and added up: close to the whole's, in linear time for any text. */
export function countInPieces(text: string, count: (part: string) => number): number {
  return (text.match(pieces) ?? []).reduce((sum, piece) => sum + count(piece), 0)
}

interface Measured {
  /** Where each piece starts; the text's end comes last. */
  readonly starts: readonly number[]
  /** Tokens before each of them. */
  readonly totals: readonly number[]
}

function measure(text: string, count: (part: string) => number): Measured {
  const starts: number[] = []
  const totals: number[] = []
  const known = new Map<string, number>()
  let total = 0
  for (const { index, 0: piece } of text.matchAll(pieces)) {
    starts.push(index)
    totals.push(total)
    const tokens = known.get(piece) ?? count(piece) + (/^\s/.test(piece) ? 0 : SEAM)
    known.set(piece, tokens)
    total += tokens
  }
  return { starts: [...starts, text.length], totals: [...totals, total] }
}

/** Index of the last of the ascending numbers that is not above `value`; 0 when all are. */
function lastAtMost(numbers: readonly number[], value: number): number {
  let [low, high] = [0, numbers.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (numbers[middle]! <= value) low = middle
    else high = middle - 1
  }
  return low
}

/** Index of the first of the ascending numbers that is not below `value`; the last one when all are. */
function firstAtLeast(numbers: readonly number[], value: number): number {
  let [low, high] = [0, numbers.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numbers[middle]! >= value) high = middle
    else low = middle + 1
  }
  return low
}
