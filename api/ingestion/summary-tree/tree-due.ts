/** Fewer chunks than two say nothing that a summary could say better. */
const FEWEST = 2
/** More would be too much for one process at a time. */
export const MOST_CHUNKS = 20_000
/** A small tree costs few calls. */
const SMALL = 200
/** Chunks outside of the tree are found by themselves; so many of them, and it is worth its calls to make it anew. */
const SHARE = 0.1

/** Why no tree is to be made now; null when one is. Pure. */
export function notDue({ chunks, covered }: { readonly chunks: number; readonly covered: number }): string | null {
  if (chunks < FEWEST) return 'too few chunks'
  if (chunks > MOST_CHUNKS) return `too many chunks: ${chunks}, at most ${MOST_CHUNKS}`
  const outside = chunks - covered
  const enough = chunks <= SMALL ? outside > 0 : outside >= SHARE * chunks
  return enough ? null : 'not needed'
}
