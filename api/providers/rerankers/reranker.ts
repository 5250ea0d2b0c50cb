import type { CallObserver } from '../call-observer.ts'

export interface RerankRequest {
  readonly query: string
  readonly texts: readonly string[]
  readonly signal?: AbortSignal | undefined
  readonly observer?: CallObserver | undefined
}

/**
 * Says how well texts fit a question, looking at both together. One file a protocol, registered in index.ts;
 * test/contract/reranker.ts is what all must pass.
 */
export interface Reranker {
  readonly provider: string
  readonly model: string

  /**
   * One relevance a text, in the order of the texts; more is better. Most models give 0…1, which is not a probability, and
   * scores of different models cannot be compared. Any number of texts. An aborted call rejects with the signal's reason.
   * @throws ProviderError
   */
  rerank(request: RerankRequest): Promise<readonly number[]>
}
