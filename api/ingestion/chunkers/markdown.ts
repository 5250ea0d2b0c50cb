import type { Section } from '../../contract/section.ts'
import type { Chunker } from './chunker.ts'
import { markdownBlocks } from './markdown-blocks.ts'
import { pack } from './pack.ts'
import type { Span } from './span.ts'
import { toChunks } from './to-chunks.ts'

/**
 * One section or a part of one a chunk: the text below one heading stays apart from the next heading's, and code blocks
 * and tables stay whole when they fit into a chunk. A heading without text of its own goes with the section below it.
 */
export const markdownChunker: Chunker = {
  name: 'markdown',
  chunk(document, { chunkSize, chunkOverlap }) {
    const { text, sections } = document
    const spans = sectionSpans(text, sections).flatMap(part =>
      pack(text, markdownBlocks(text, part, chunkSize), { size: chunkSize, overlap: chunkOverlap }),
    )
    return toChunks(document, spans)
  },
}

/** The text from each heading to the next; lone headings joined to what follows. */
function sectionSpans(text: string, sections: readonly Section[]): Span[] {
  const starts = sections.map(({ start }) => start)
  const spans: Span[] = []
  let from = 0
  for (const [index, edge] of [...starts, text.length].entries()) {
    const heading = starts[index - 1]
    if (edge < text.length && heading !== undefined && isLone(text, { start: heading, end: edge })) continue
    if (edge > from) spans.push({ start: from, end: edge })
    from = edge
  }
  return spans
}

/** A section that is longer than this has text, whatever its first line says. */
const LONGEST_LONE_HEADING = 400

function isLone(text: string, { start, end }: Span): boolean {
  if (end - start > LONGEST_LONE_HEADING) return false
  const [, ...below] = text.slice(start, end).split('\n')
  return below.every(line => line.trim() === '' || /^ {0,3}(=+|-+)\s*$/.test(line))
}
