import { fullBreak } from './breaks.ts'
import type { Chunker } from './chunker.ts'
import { cut } from './pack.ts'
import { toChunks } from './to-chunks.ts'

/**
 * A window of `chunkSize` that moves on by `chunkSize - chunkOverlap`, each time to the next word: whatever stands in the
 * text is in the middle of some window when the overlap is half of the size. For speech, chats and text without form.
 */
export const slidingWindowChunker: Chunker = {
  name: 'sliding_window',
  chunk(document, { chunkSize, chunkOverlap }) {
    const whole = { start: 0, end: document.text.length }
    const cutting = { size: chunkSize, overlap: chunkOverlap, endBetween: fullBreak }
    return toChunks(document, cut(document.text, whole, cutting))
  },
}
