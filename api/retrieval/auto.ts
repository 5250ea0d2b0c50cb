import type { RetrieverName } from '../contract/retrieval.ts'
import { denseObstacle } from './dense.ts'
import type { RetrievalParts } from './parts.ts'
import type { Retriever } from './retriever.ts'

/** What the choice depends on. */
export interface Situation {
  readonly query: string
  /** Whether the query's embedding can be compared with stored ones. */
  readonly embeddings: 'usable' | 'absent' | 'mismatch'
  /** Whether the knowledge bases that are searched cut documents into parents and children. */
  readonly parents: boolean
}

export interface Choice {
  readonly retriever: RetrieverName
  readonly reason: string
  /** Tried when the first finds nothing. */
  readonly otherwise?: RetrieverName
}

/**
 * Chooses a retriever. Pure. Never one that asks a language model: what costs money and a second is asked for by name.
 *
 * 1. No embeddings: words.
 * 2. The query is nothing but codes (`ZX-4711/b`, `"E_OVERFLOW"`): words, which know them exactly; if none is there, both.
 * 3. Documents cut into parents and children: both, and the parents are given.
 * 4. Else both.
 */
export function choose({ query, embeddings, parents }: Situation): Choice {
  if (embeddings === 'absent') return { retriever: 'bm25', reason: 'there are no embeddings to compare with' }
  const both = parents ? 'parent_document' : 'hybrid'
  if (embeddings === 'usable' && isOfCodes(query))
    return { retriever: 'bm25', reason: 'the query is made of codes', otherwise: both }
  if (parents) return { retriever: both, reason: 'the knowledge bases hold parents and children' }
  return { retriever: both, reason: 'the query is in words' }
}

/** Each word has a digit or an underscore in it, or stands in quotes whole; a year alone is none. */
function isOfCodes(query: string): boolean {
  const words = query.trim().split(/\s+/)
  return words.length <= 4 && words.every(isCode)
}

function isCode(word: string): boolean {
  const bare = word.replace(/^["'“”`]+|["'“”`?.,;:]+$/g, '')
  return bare.length >= 4 && /[\p{L}_/-]/u.test(bare) && /[\d_]/.test(bare)
}

/** The default: whichever of the others suits, see {@link choose}. The trace says which, and why. */
export function autoRetriever(
  parts: RetrievalParts,
  retrievers: Readonly<Partial<Record<RetrieverName, Retriever>>>,
): Retriever {
  return {
    name: 'auto',
    async retrieve(query) {
      const obstacle = await denseObstacle(parts, query)
      const { otherwise, ...chosen } = choose({
        query: query.text,
        embeddings: obstacle?.kind ?? 'usable',
        parents: query.hasParents ?? false,
      })
      const first = await retrievers[chosen.retriever]!.retrieve(query)
      if (first.chunks.length > 0 || !otherwise) return { ...first, trace: { ...first.trace, auto: chosen } }
      const second = await retrievers[otherwise]!.retrieve(query)
      const reason = `${chosen.reason}, and ${chosen.retriever} found nothing`
      return { ...second, trace: { ...second.trace, auto: { retriever: otherwise, reason } } }
    },
  }
}
