import type { Section } from '../../contract/section.ts'
import type { ParsedDocument } from '../parsers/parser.ts'
import type { Chunk } from './chunker.ts'
import type { Span } from './span.ts'

/**
 * Turns spans into chunks: without blanks at their ends, without those that are blank or hold nothing that the chunk
 * before did not, and with the headings of the section that they begin in. Spans are in order of `start`.
 */
export function toChunks(document: ParsedDocument, spans: readonly Span[]): Chunk[] {
  const chunks: Chunk[] = []
  for (const span of spans) {
    const { start, end } = trimmed(document.text, span)
    const previous = chunks.at(-1)
    if (start >= end || (previous && end <= previous.end)) continue
    const section = sectionAt(document.sections, start)
    chunks.push({
      text: document.text.slice(start, end),
      start,
      end,
      headings: section?.headings ?? [],
      ...(section?.page === undefined ? {} : { page: section.page }),
    })
  }
  return chunks
}

function trimmed(text: string, span: Span): Span {
  const part = text.slice(span.start, span.end)
  const end = span.start + part.trimEnd().length
  return { start: Math.min(end, span.start + part.length - part.trimStart().length), end }
}

/** The last section that starts at or before the position. */
function sectionAt(sections: readonly Section[], position: number): Section | undefined {
  let low = 0
  let high = sections.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sections[middle]!.start <= position) low = middle + 1
    else high = middle
  }
  return sections[low - 1]
}
