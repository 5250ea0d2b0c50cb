import type { Fetch } from '../address.ts'
import { RerankApi } from './rerank-api.ts'
import type { Reranker } from './reranker.ts'
import type { RerankerSettings } from './settings.ts'

/** The reranker that the settings ask for; null for none. Does not call it. All providers speak one protocol today. @param fetch what it will be called with */
export function createReranker(settings: RerankerSettings | null, fetch: Fetch = globalThis.fetch): Reranker | null {
  return settings && new RerankApi(settings, { ...settings, fetch })
}
