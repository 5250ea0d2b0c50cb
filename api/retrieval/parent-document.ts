import { POOL, type RetrievalParts } from './parts.ts'
import { widen } from './passages/widen.ts'
import type { Retrieval, RetrievedChunk, Retriever } from './retriever.ts'
import { Stopwatch } from './stopwatch.ts'

/**
 * Finds small chunks and gives the larger passages that they were cut from (chunker `parent_child`), each once, with its
 * best child's place and scores. A chunk without a parent is given as it is.
 *
 * @param children finds the chunks
 */
export function parentDocumentRetriever(parts: RetrievalParts, children: Retriever): Retriever {
  return {
    name: 'parent_document',
    async retrieve(query): Promise<Retrieval> {
      const stopwatch = new Stopwatch()
      const found = await children.retrieve({ ...query, topK: POOL })
      const { chunks, trace } = await stopwatch.time('passages', async () => {
        const ids = found.chunks.map(({ chunkId }) => chunkId)
        const places = ids.length === 0 ? [] : await parts.passages.locate(query.scope, ids, 0)
        const parents = new Map(places.flatMap(({ chunkId, parent }) => (parent ? [[chunkId, parent] as const] : [])))
        const groups = byParent(found.chunks, parents).slice(0, query.topK)
        return widen(parts.passages, query.scope, groups)
      })
      return {
        retriever: found.retriever === 'bm25' ? 'bm25' : 'parent_document',
        chunks,
        timings: { ...found.timings, ...stopwatch.timings },
        trace: { ...found.trace, passages: { children: found.chunks.length, ...trace } },
      }
    },
  }
}

/** Pure: each parent at its best child's place, with the ids of all its children that were found, best first. */
export function byParent(
  chunks: readonly RetrievedChunk[],
  parents: ReadonlyMap<string, { readonly start: number; readonly end: number }>,
) {
  const groups = new Map<
    string,
    { chunk: RetrievedChunk; span: { start: number; end: number } | null; chunkIds: string[] }
  >()
  for (const chunk of chunks) {
    const span = parents.get(chunk.chunkId) ?? null
    const key = span ? `${chunk.documentId} ${span.start} ${span.end}` : chunk.id
    const group = groups.get(key)
    if (group) group.chunkIds.push(chunk.chunkId)
    else groups.set(key, { chunk, span, chunkIds: [chunk.chunkId] })
  }
  return [...groups.values()]
}
