import type { Environment } from '../../contract/configuration.ts'
import type { RetryPolicy } from '../retry.ts'

/** Which LLM to use; `none` has answers made of the documents' own sentences. */
export type LlmSettings =
  | { readonly provider: 'none' }
  | {
      readonly provider: 'openai' | 'ollama'
      readonly model: string
      readonly baseUrl: string
      readonly apiKey?: string | undefined
      /** For a whole call, its retries and its stream included. */
      readonly timeoutMs: number
      readonly retries?: RetryPolicy
    }

/** What the environment says about the LLM; a variable of its own stands above the provider’s. */
export function llmSettings(environment: Environment): LlmSettings {
  const { LLM_PROVIDER: provider, LLM_MODEL: model } = environment
  if (provider === 'none' || model === undefined) return { provider: 'none' }
  const ownUrl = provider === 'openai' ? environment.OPENAI_BASE_URL : environment.OLLAMA_BASE_URL
  return {
    provider,
    model,
    baseUrl: environment.LLM_BASE_URL ?? ownUrl,
    apiKey: provider === 'openai' ? (environment.LLM_API_KEY ?? environment.OPENAI_API_KEY) : undefined,
    timeoutMs: environment.LLM_TIMEOUT_SECONDS * 1000,
  }
}
