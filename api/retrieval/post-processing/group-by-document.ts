import type { RetrievedChunk } from '../retriever.ts'

/**
 * Pure: each document once, as its best chunk, at that chunk's place and with its score; `group` names all of its chunks
 * that were found. The best chunk decides alone: a sum would put long documents first for having many chunks, a mean last for
 * having some that are about something else (measured in docs/quality.md).
 */
export function groupByDocument(chunks: readonly RetrievedChunk[]): RetrievedChunk[] {
  const groups = new Map<string, RetrievedChunk[]>()
  for (const chunk of chunks) groups.set(chunk.documentId, [...(groups.get(chunk.documentId) ?? []), chunk])
  return [...groups.values()].map(group => ({ ...group[0]!, group: { chunkIds: group.flatMap(chunkIdsOf) } }))
}

/** A passage stands for several chunks. */
function chunkIdsOf({ chunkId, passage }: RetrievedChunk): readonly string[] {
  return passage?.chunkIds ?? [chunkId]
}
