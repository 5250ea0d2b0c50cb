import { firstBreak, lastBreak, skipBlank } from './breaks.ts'
import type { Span } from './span.ts'

/**
 * Cuts a part of a text into spans of at most `size`, each at the best place that leaves it at least half full. A span
 * repeats up to `overlap` characters of the one before, and adds at least a quarter of `size`, so the work is linear.
 */
export function cut(text: string, { start, end }: Span, size: number, overlap: number): Span[] {
  const spans: Span[] = []
  let from = skipBlank(text, start, end)
  let covered = from
  while (end - from > size) {
    const least = Math.max(from + Math.floor(size / 2), covered + Math.floor(size / 4))
    const to = lastBreak(text, least, from + size)
    spans.push({ start: from, end: to })
    covered = to
    from = skipBlank(text, nextStart(text, { start: from, end: to }, overlap), end)
  }
  if (from < end) spans.push({ start: from, end })
  return spans
}

/**
 * Puts neighbouring pieces together as long as they fit into `size`. Pieces are in order and cover the text without
 * gaps; one that is longer than `size` is cut. As in {@link cut}, a span repeats the end of the one before, as far as the
 * next piece leaves room for it.
 */
export function pack(text: string, pieces: readonly Span[], size: number, overlap: number): Span[] {
  const spans: Span[] = []
  let current: Span | undefined
  for (const piece of pieces) {
    if (current && piece.end - current.start <= size) {
      current = { start: current.start, end: piece.end }
      continue
    }
    if (current) spans.push(current)
    if (piece.end - piece.start > size) {
      spans.push(...cut(text, piece, size, overlap))
      // Pieces after a cut one may share its last span.
      current = spans.pop()
      continue
    }
    const room = size - (piece.end - piece.start)
    current = { start: current ? nextStart(text, current, Math.min(overlap, room)) : piece.start, end: piece.end }
  }
  if (current) spans.push(current)
  return spans
}

/** Where the span after `previous` starts; it never repeats more than half of a short one. */
function nextStart(text: string, previous: Span, overlap: number): number {
  const repeated = Math.min(overlap, Math.floor((previous.end - previous.start) / 2))
  return firstBreak(text, previous.end - repeated, previous.end)
}
