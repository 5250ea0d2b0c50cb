import type { Environment } from '../../contract/configuration.ts'
import type { RemoteEmbeddingProviderName } from '../../contract/model-providers.ts'
import { type ProviderConnection, providerConnection } from '../../contract/model-variables.ts'

/** Which embedder to make; `none` makes none, and retrieval is BM25 only. */
export type EmbedderSettings =
  | { readonly provider: 'none' }
  | {
      readonly provider: 'local'
      readonly model: string
      readonly dimension: number
      readonly modelsDir?: string | undefined
    }
  | ({
      readonly provider: RemoteEmbeddingProviderName
      readonly model: string
      readonly dimension: number
      readonly apiVersion: string
      readonly batchSize: number
      readonly timeoutMs: number
    } & ProviderConnection)

/** What the environment says about embeddings; a variable of its own stands above the provider’s. */
export function embedderSettings(environment: Environment): EmbedderSettings {
  const { EMBEDDING_PROVIDER: provider, EMBEDDING_MODEL: model, EMBEDDING_DIM: dimension } = environment
  if (provider === 'none') return { provider }
  if (provider === 'local') return { provider, model, dimension, modelsDir: environment.MODELS_DIR }
  const connection = providerConnection(environment, 'EMBEDDING', provider)
  if (!connection) throw new TypeError(`there is no address of ${provider}; parseConfiguration must come first`)
  return {
    ...connection,
    provider,
    model,
    dimension,
    apiVersion: environment.AZURE_OPENAI_API_VERSION,
    batchSize: environment.EMBEDDING_BATCH_SIZE,
    timeoutMs: environment.EMBEDDING_TIMEOUT_SECONDS * 1000,
  }
}
