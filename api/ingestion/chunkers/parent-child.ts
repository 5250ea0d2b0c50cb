import type { Chunk, Chunker } from './chunker.ts'
import { cut } from './pack.ts'
import type { Span } from './span.ts'
import { toChunks } from './to-chunks.ts'

/** Children of one parent, about; small ones match a question more exactly, and a parent tells the whole. */
const CHILDREN = 4
const SMALLEST_CHILD = 64

/**
 * Parents of up to `chunkSize`, cut as `recursive` does, and each cut again into children of a quarter of that. Children are
 * the chunks that are searched; each knows where its parent stands.
 * Children overlap within a parent, parents do not.
 */
export const parentChildChunker: Chunker = {
  name: 'parent_child',
  chunk(document, { chunkSize, chunkOverlap }) {
    const { text } = document
    const size = Math.min(chunkSize, Math.max(SMALLEST_CHILD, Math.floor(chunkSize / CHILDREN)))
    const overlap = Math.min(Math.floor(chunkOverlap / CHILDREN), Math.floor(size / 2))
    const parents = cut(text, { start: 0, end: text.length }, { size: chunkSize, overlap: 0 })
    return parents.flatMap(parent => {
      const children = toChunks(document, cut(text, parent, { size, overlap }))
      const whole = withoutBlanks(children)
      return children.map(child => ({ ...child, parent: whole }))
    })
  },
}

/** The parent, from its first child's start to its last one's end. */
function withoutBlanks(children: readonly Chunk[]): Span {
  return { start: children[0]?.start ?? 0, end: children.at(-1)?.end ?? 0 }
}
