import { vocabularyCounter } from '../../providers/vocabulary-counter.ts'
import type { Chunker } from './chunker.ts'
import { fitTokens } from './fit-tokens.ts'
import { cut } from './pack.ts'
import { toChunks } from './to-chunks.ts'
import { tokenRuler } from './token-ruler.ts'

/** A word or character that is cut in two can be more tokens than it was. */
const RESERVE = 3

/**
 * As `recursive`, with `chunkSize` and `chunkOverlap` counted in tokens of `o200k_base`, the vocabulary of OpenAI's models.
 * For models that are paid or limited by tokens, and texts whose tokens differ much in length.
 */
export const tokenChunker: Chunker = {
  name: 'token',
  async chunk(document, { chunkSize, chunkOverlap, longest }) {
    const { text } = document
    const count = await vocabularyCounter('o200k_base')
    const ruler = tokenRuler(text, count, longest)
    const cutting = { size: chunkSize - RESERVE, overlap: Math.max(0, chunkOverlap - RESERVE), ruler }
    const spans = cut(text, { start: 0, end: text.length }, cutting)
    return toChunks(document, fitTokens(text, spans, { count, most: chunkSize, mostRepeated: chunkOverlap }))
  },
}
