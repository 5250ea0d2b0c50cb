import type { Chunker } from './chunker.ts'
import { cut } from './pack.ts'
import { toChunks } from './to-chunks.ts'

/**
 * Chunks of about one size, cut at the best place there is near their end: between paragraphs, else lines, sentences,
 * clauses, words, characters. For text of any kind.
 */
export const recursiveChunker: Chunker = {
  name: 'recursive',
  chunk(document, { chunkSize, chunkOverlap }) {
    const whole = { start: 0, end: document.text.length }
    return toChunks(document, cut(document.text, whole, { size: chunkSize, overlap: chunkOverlap }))
  },
}
