import type { Environment } from '../../contract/configuration.ts'

/** Which embedder to make; `none` makes none, and retrieval is BM25 only. */
export type EmbedderSettings =
  | { readonly provider: 'none' }
  | {
      readonly provider: 'local'
      readonly model: string
      readonly dimension: number
      readonly modelsDir?: string | undefined
    }
  | {
      readonly provider: 'openai' | 'ollama'
      readonly model: string
      readonly dimension: number
      readonly baseUrl: string
      readonly apiKey?: string | undefined
      readonly batchSize: number
      readonly timeoutMs: number
    }

/** What the environment says about embeddings; a variable of its own stands above the provider’s. */
export function embedderSettings(environment: Environment): EmbedderSettings {
  const { EMBEDDING_MODEL: model, EMBEDDING_DIM: dimension } = environment
  const remote = {
    model,
    dimension,
    batchSize: environment.EMBEDDING_BATCH_SIZE,
    timeoutMs: environment.EMBEDDING_TIMEOUT_SECONDS * 1000,
  }
  switch (environment.EMBEDDING_PROVIDER) {
    case 'none':
      return { provider: 'none' }
    case 'local':
      return { provider: 'local', model, dimension, modelsDir: environment.MODELS_DIR }
    case 'openai':
      return {
        ...remote,
        provider: 'openai',
        baseUrl: environment.EMBEDDING_BASE_URL ?? environment.OPENAI_BASE_URL,
        apiKey: environment.EMBEDDING_API_KEY ?? environment.OPENAI_API_KEY,
      }
    case 'ollama':
      return { ...remote, provider: 'ollama', baseUrl: environment.EMBEDDING_BASE_URL ?? environment.OLLAMA_BASE_URL }
  }
}
