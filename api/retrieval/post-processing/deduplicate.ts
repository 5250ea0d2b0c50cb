import type { RetrievedChunk } from '../retriever.ts'

/** Each text once, at its best place: footers and copies of a page say a thing no better the second time. Pure. */
export function deduplicate(chunks: readonly RetrievedChunk[]): RetrievedChunk[] {
  const seen = new Set<string>()
  return chunks.filter(({ text }) => {
    const key = text.replace(/\s+/g, ' ').trim()
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
