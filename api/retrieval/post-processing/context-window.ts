import type { TenantScope } from '../../stores/postgres/tenant-scope.ts'
import type { ChunkPlace, PassageSource } from '../passages/passage-source.ts'
import { type Wider, widen } from '../passages/widen.ts'
import type { RetrievedChunk } from '../retriever.ts'

/**
 * Pure: each chunk with its neighbours; those whose windows overlap become one passage at the best one's place. A chunk
 * that is a passage already, or whose place is not known, stays as it is.
 */
export function windows(
  chunks: readonly RetrievedChunk[],
  places: ReadonlyMap<string, ChunkPlace>,
  limit: number,
): Wider[] {
  let groups: Wider[] = []
  for (const chunk of chunks) {
    const around = chunk.passage ? undefined : places.get(chunk.chunkId)?.around
    const span = around ? { start: around.start, end: around.end } : null
    const added = { chunk, span, chunkIds: around?.chunkIds ?? [chunk.chunkId] }
    const met = groups.filter(group => meet(group, added))
    if (met.length === 0 && groups.length >= limit) continue
    const [best, ...others] = met
    // One that bridges two windows makes one of all three.
    const joined = best ? [...others, added].reduce(join, best) : added
    groups = best
      ? groups.flatMap(group => (group === best ? [joined] : met.includes(group) ? [] : [group]))
      : [...groups, joined]
  }
  return groups
}

function meet(a: Wider, b: Wider): boolean {
  if (!a.span || !b.span || a.chunk.documentId !== b.chunk.documentId) return false
  return a.span.start < b.span.end && b.span.start < a.span.end
}

function join(a: Wider, b: Wider): Wider {
  if (!a.span || !b.span) return a
  const span = { start: Math.min(a.span.start, b.span.start), end: Math.max(a.span.end, b.span.end) }
  return { chunk: a.chunk, span, chunkIds: [...new Set([...a.chunkIds, ...b.chunkIds])] }
}

/** @param reach how many chunks before and after each */
export async function contextWindow(
  source: PassageSource,
  scope: TenantScope,
  chunks: readonly RetrievedChunk[],
  { reach, limit }: { readonly reach: number; readonly limit: number },
): Promise<{ chunks: RetrievedChunk[]; trace: Record<string, unknown> }> {
  const ids = chunks.filter(({ passage }) => !passage).map(({ chunkId }) => chunkId)
  const places = ids.length === 0 ? [] : await source.locate(scope, ids, reach)
  const grouped = windows(chunks, new Map(places.map(place => [place.chunkId, place])), limit)
  const { chunks: wide, trace } = await widen(source, scope, grouped)
  // A passage that was one before keeps what it says of itself.
  return { chunks: wide, trace: { context_window: { reach, ...trace } } }
}
