import { firstBreak, lastBreak, skipBlank } from './breaks.ts'
import { characterRuler, type Ruler } from './ruler.ts'
import type { Span } from './span.ts'

/** How a text is cut. */
export interface Cutting {
  /** The most that a span measures. */
  readonly size: number
  /** The most that a span repeats of the one before; half of `size` at most. */
  readonly overlap: number
  /** Characters when absent. */
  readonly ruler?: Ruler
  /** Where a span ends that must end after `from` and not after `to`; the best place of all when absent. */
  readonly endBetween?: (text: string, from: number, to: number) => number
}

/**
 * Cuts a part of a text into spans of at most `size`, each at the best place that leaves it at least half full. A span
 * repeats up to `overlap` of the one before, and adds at least a quarter of itself, so the work is linear.
 */
export function cut(text: string, { start, end }: Span, cutting: Cutting): Span[] {
  const { size, ruler = characterRuler, endBetween = lastBreak } = cutting
  const spans: Span[] = []
  let from = skipBlank(text, start, end)
  let covered = from
  for (let most = ruler.reach(from, size); most < end; most = ruler.reach(from, size)) {
    const least = Math.max(from + Math.floor((most - from) / 2), covered + Math.floor((most - from) / 4))
    const to = endBetween(text, least, most)
    spans.push({ start: from, end: to })
    covered = to
    from = nextStart(text, { start: from, end: to }, cutting, end)
  }
  if (from < end) spans.push({ start: from, end })
  return spans
}

/**
 * Puts neighbouring pieces together as long as they fit into `size` characters. Pieces are in order and cover the text
 * without gaps; one that is longer than `size` is cut. As in {@link cut}, a span repeats the end of the one before, as far
 * as the next piece leaves room for it.
 */
export function pack(text: string, pieces: readonly Span[], cutting: Omit<Cutting, 'ruler'>): Span[] {
  const { size, overlap } = cutting
  const spans: Span[] = []
  let current: Span | undefined
  for (const piece of pieces) {
    if (current && piece.end - current.start <= size) {
      current = { start: current.start, end: piece.end }
      continue
    }
    if (current) spans.push(current)
    if (piece.end - piece.start > size) {
      spans.push(...cut(text, piece, cutting))
      // Pieces after a cut one may share its last span.
      current = spans.pop()
      continue
    }
    const room = Math.min(overlap, size - (piece.end - piece.start))
    current = { start: current ? repeatFrom(text, current, { size, overlap: room }) : piece.start, end: piece.end }
  }
  if (current) spans.push(current)
  return spans
}

/** Where the span after `previous` starts, without blanks: so far on that it brings at least a quarter of itself. */
function nextStart(text: string, previous: Span, cutting: Cutting, end: number): number {
  const { size, ruler = characterRuler } = cutting
  const start = skipBlank(text, repeatFrom(text, previous, cutting), end)
  const reached = ruler.reach(start, size)
  // Tokens are not of one length: what is repeated may leave little room for what comes.
  const brings = reached - previous.end >= (reached - start) / 4 + 2
  return brings ? start : skipBlank(text, previous.end, end)
}

/** Where the repeated part of `previous` starts; never more than half of a short one. */
function repeatFrom(text: string, previous: Span, { overlap, ruler = characterRuler }: Cutting): number {
  const half = previous.end - Math.floor((previous.end - previous.start) / 2)
  return firstBreak(text, Math.max(half, ruler.reachBack(previous.end, overlap)), previous.end)
}
