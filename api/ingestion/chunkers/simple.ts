import { fullBreak } from './breaks.ts'
import type { Chunker } from './chunker.ts'
import { cut } from './pack.ts'
import { toChunks } from './to-chunks.ts'

/** As many whole words as fit, whatever they say, and nothing twice: `chunkOverlap` is not looked at. For logs and lists. */
export const simpleChunker: Chunker = {
  name: 'simple',
  chunk(document, { chunkSize }) {
    const whole = { start: 0, end: document.text.length }
    return toChunks(document, cut(document.text, whole, { size: chunkSize, overlap: 0, endBetween: fullBreak }))
  },
}
