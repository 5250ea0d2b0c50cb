import type { Environment } from '../../contract/configuration.ts'
import type { LlmProviderName } from '../../contract/model-providers.ts'
import type { ModelReference } from '../../contract/model-reference.ts'
import { type ProviderConnection, providerConnection } from '../../contract/model-variables.ts'
import type { RetryPolicy } from '../retry.ts'

/** Which LLM to make. */
export interface LlmSettings extends ProviderConnection {
  readonly provider: LlmProviderName
  readonly model: string
  readonly apiVersion: string
  /** For a whole call, its retries and its stream included. */
  readonly timeoutMs: number
  readonly retries?: RetryPolicy
}

/** The LLM that LLM_PROVIDER names; null for none: answers are made of the documents' own sentences. */
export function llmSettings(environment: Environment): LlmSettings | null {
  const { LLM_PROVIDER: provider, LLM_MODEL: model } = environment
  return provider === 'none' || model === undefined ? null : llmSettingsOf(environment, { provider, model })
}

/** The same for another one, such as one of LLM_CHOICES. */
export function llmSettingsOf(
  environment: Environment,
  { provider, model }: ModelReference<LlmProviderName>,
): LlmSettings | null {
  const connection = providerConnection(environment, 'LLM', provider)
  if (!connection) return null
  const { AZURE_OPENAI_API_VERSION: apiVersion, LLM_TIMEOUT_SECONDS: seconds } = environment
  return { ...connection, provider, model, apiVersion, timeoutMs: seconds * 1000 }
}
