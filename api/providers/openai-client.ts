import OpenAI, { APIConnectionError, APIError, AzureOpenAI } from 'openai'
import type { ProviderName } from '../contract/model-providers.ts'
import { readAddress } from './address.ts'
import type { CallLimits } from './call-limits.ts'
import { ProviderError } from './provider-error.ts'
import { answeredWith, unreachable, unusable } from './remote-failure.ts'

/** Any service that speaks OpenAI's protocol. */
export interface OpenAiConnection {
  readonly provider: ProviderName
  /** With its version: `https://api.openai.com/v1`; of azure the resource alone. */
  readonly baseUrl: string
  /** Services in one's own network often want none. */
  readonly apiKey?: string | undefined
  /** Of azure, which wants one. */
  readonly apiVersion?: string | undefined
  /** For tests and proxies; the global one by default. */
  readonly fetch?: typeof globalThis.fetch
}

/** The official client, told everything, because it would else read the environment. */
export function openAiClient(connection: OpenAiConnection, timeoutMs: number): OpenAI {
  const { provider, baseUrl, apiKey = 'none', apiVersion, fetch } = connection
  const { url, headers } = readAddress(baseUrl)
  const options = {
    defaultHeaders: headers,
    apiKey,
    organization: null,
    project: null,
    // See retry.ts.
    maxRetries: 0,
    timeout: timeoutMs,
    logLevel: 'off' as const,
    ...(fetch ? { fetch } : {}),
  }
  if (provider !== 'azure') return new OpenAI({ ...options, baseURL: url })
  // It puts the model, which is the name of a deployment there, into the path, and the key into a header of its own.
  return new AzureOpenAI({ ...options, baseURL: `${url}/openai`, apiVersion: apiVersion ?? '' })
}

/** Turns whatever a call of the client threw into what callers of a provider expect. Always throws. */
export function throwOpenAiFailure(error: unknown, limits: CallLimits, { provider, baseUrl }: OpenAiConnection): never {
  limits.throwIfExceeded(provider)
  if (error instanceof ProviderError) throw error
  if (error instanceof APIConnectionError) throw unreachable(provider, baseUrl, error)
  if (error instanceof APIError) throw fromApiError(error as APIError, provider, baseUrl)
  if (error instanceof SyntaxError) throw unusable(provider, `it is not JSON (${error.message})`, error)
  throw unreachable(provider, baseUrl, error)
}

function fromApiError(error: APIError, provider: ProviderName, baseUrl: string): ProviderError {
  // An error in the middle of a stream has no status.
  if (error.status === undefined) return unreachable(provider, baseUrl, error)
  const message = [error.code, error.message.replace(/^\d+ /, '')].filter(Boolean).join(': ')
  return answeredWith(provider, error.status, message, error.headers, error)
}
