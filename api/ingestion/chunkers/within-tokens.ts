import type { ParsedDocument } from '../parsers/parser.ts'
import type { Chunk } from './chunker.ts'
import { fitTokens, type TokenLimits } from './fit-tokens.ts'
import { toChunks } from './to-chunks.ts'

/**
 * Chunks of at most `limits.most` tokens: one that holds more comes in parts, cut as `recursive` cuts. Whatever chunkers
 * count, the embedding model then reads a chunk to its end. Offsets stay exact, and nothing is lost. Pure.
 */
export function withinTokens(document: ParsedDocument, chunks: readonly Chunk[], limits: TokenLimits): Chunk[] {
  const parts = toChunks(document, fitTokens(document.text, chunks, limits))
  let at = 0
  return parts.map(part => {
    while (at < chunks.length - 1 && chunks[at]!.end < part.end) at += 1
    return described(document, part, chunks[at]!)
  })
}

/** As its chunk, which may know more of headings than the parser (`code`); but what a section below it says is its own. */
function described(document: ParsedDocument, part: Chunk, chunk: Chunk): Chunk {
  if (part.start === chunk.start && part.end === chunk.end) return chunk
  const [whole] = toChunks(document, [chunk])
  const moved = JSON.stringify([part.headings, part.page]) !== JSON.stringify([whole?.headings, whole?.page])
  return { ...chunk, ...(moved && { headings: part.headings, ...(part.page !== undefined && { page: part.page }) }), text: part.text, start: part.start, end: part.end } // prettier-ignore
}
