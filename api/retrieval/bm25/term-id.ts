/** Ids are below this: pgvector's sparsevec allows 10^9 dimensions, and int4 columns hold them with room to spare. */
export const TERM_ID_LIMIT = 2 ** 29

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/**
 * The number that stands for a term in sparse vectors and in Postgres: a hash, so that no dictionary has to be kept or
 * shared between replicas. FNV-1a over UTF-16 code units, finished with murmur3's mixer because FNV's own high bits are
 * poor for words of one or two letters. Two terms of a vocabulary of 100,000 share an id about nine times; those terms
 * count as one, which BM25 bears. Changing this strands every stored vector: raise `analyzerVersion` with it.
 */
export function termId(term: string): number {
  let hash = FNV_OFFSET
  for (let index = 0; index < term.length; index++) {
    hash = Math.imul(hash ^ term.charCodeAt(index), FNV_PRIME)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) % TERM_ID_LIMIT
}
