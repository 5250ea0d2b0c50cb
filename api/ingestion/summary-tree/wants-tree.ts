import type { RetrieverName } from '../../contract/retrieval.ts'

/** A tree costs calls of the LLM, so it is made for knowledge bases that are searched with it by default. Pure. */
export function wantsTree(retrieval: Readonly<Record<string, unknown>>, usual: RetrieverName): boolean {
  return (retrieval['defaultRetriever'] ?? usual) === 'raptor'
}
