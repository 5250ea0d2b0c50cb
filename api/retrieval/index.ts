import type { RetrieverName } from '../contract/retrieval.ts'
import { bm25Retriever } from './bm25.ts'
import { denseRetriever } from './dense.ts'
import { hybridRetriever } from './hybrid.ts'
import type { RetrievalParts } from './parts.ts'
import type { Retriever } from './retriever.ts'

/** Every retriever that a request can name. */
export function createRetrievers(parts: RetrievalParts): Readonly<Record<RetrieverName, Retriever>> {
  const bm25 = bm25Retriever(parts)
  return { bm25, dense: denseRetriever(parts), hybrid: hybridRetriever(parts, bm25) }
}
