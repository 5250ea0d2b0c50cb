import type { Environment } from '../../contract/configuration.ts'
import type { RerankProviderName } from '../../contract/model-providers.ts'
import type { ModelReference } from '../../contract/model-reference.ts'
import { type ProviderConnection, providerConnection } from '../../contract/model-variables.ts'
import type { RetryPolicy } from '../retry.ts'

/** Which reranker to make. */
export interface RerankerSettings extends ProviderConnection {
  readonly provider: RerankProviderName
  readonly model: string
  /** For a whole call, its retries included. */
  readonly timeoutMs: number
  readonly retries?: RetryPolicy
}

/** The reranker that RERANK_PROVIDER names; null for none. */
export function rerankerSettings(environment: Environment): RerankerSettings | null {
  const { RERANK_PROVIDER: provider, RERANK_MODEL: model } = environment
  return provider === 'none' || model === undefined ? null : rerankerSettingsOf(environment, { provider, model })
}

/** The same for another one, such as one of RERANK_CHOICES. */
export function rerankerSettingsOf(
  environment: Environment,
  { provider, model }: ModelReference<RerankProviderName>,
): RerankerSettings | null {
  const connection = providerConnection(environment, 'RERANK', provider)
  return connection && { ...connection, provider, model, timeoutMs: environment.RERANK_TIMEOUT_SECONDS * 1000 }
}
