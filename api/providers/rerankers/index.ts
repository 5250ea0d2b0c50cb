import { RerankApi } from './rerank-api.ts'
import type { Reranker } from './reranker.ts'
import type { RerankerSettings } from './settings.ts'

/** The reranker that the settings ask for; null for none. Does not call it. All providers speak one protocol today. */
export function createReranker(settings: RerankerSettings | null): Reranker | null {
  return settings && new RerankApi(settings, settings)
}
