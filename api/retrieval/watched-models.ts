import type { Llm } from '../providers/llms/llm.ts'
import { ProviderError } from '../providers/provider-error.ts'
import type { Reranker } from '../providers/rerankers/reranker.ts'
import type { RetrievalModels } from './retriever.ts'

/** The models of one retrieval, and whether one of them failed, which a search takes in its stride. */
export class WatchedModels implements RetrievalModels {
  readonly llm: Llm | null
  readonly reranker: Reranker | null
  #failed = false

  constructor({ llm, reranker }: RetrievalModels) {
    this.llm = llm && { ...named(llm), complete: request => this.#watch(llm.complete(request)), stream: request => llm.stream(request) } // prettier-ignore
    this.reranker = reranker && { ...named(reranker), rerank: request => this.#watch(reranker.rerank(request)) }
  }

  get failed(): boolean {
    return this.#failed
  }

  async #watch<T>(call: Promise<T>): Promise<T> {
    try {
      return await call
    } catch (error) {
      this.#failed ||= error instanceof ProviderError
      throw error
    }
  }
}

function named({ provider, model }: Llm | Reranker) {
  return { provider, model }
}
