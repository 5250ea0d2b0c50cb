import OpenAI, { APIConnectionError, APIError } from 'openai'
import { readAddress } from './address.ts'
import type { CallLimits } from './call-limits.ts'
import { ProviderError } from './provider-error.ts'
import { answeredWith, unreachable, unusable } from './remote-failure.ts'

export const OPENAI = 'openai'

/** Any service that speaks OpenAI's protocol. */
export interface OpenAiConnection {
  /** With its version: `https://api.openai.com/v1`. */
  readonly baseUrl: string
  /** Services in one's own network often want none. */
  readonly apiKey?: string | undefined
  /** For tests and proxies; the global one by default. */
  readonly fetch?: typeof globalThis.fetch
}

/** The official client, told everything, because it would else read the environment. */
export function openAiClient({ baseUrl, apiKey, fetch }: OpenAiConnection, timeoutMs: number): OpenAI {
  const { url, headers } = readAddress(baseUrl)
  return new OpenAI({
    baseURL: url,
    defaultHeaders: headers,
    apiKey: apiKey ?? 'none',
    organization: null,
    project: null,
    // See retry.ts.
    maxRetries: 0,
    timeout: timeoutMs,
    logLevel: 'off',
    ...(fetch ? { fetch } : {}),
  })
}

/** Turns whatever a call of the client threw into what callers of a provider expect. Always throws. */
export function throwOpenAiFailure(error: unknown, limits: CallLimits, baseUrl: string): never {
  limits.throwIfExceeded(OPENAI)
  if (error instanceof ProviderError) throw error
  if (error instanceof APIConnectionError) throw unreachable(OPENAI, baseUrl, error)
  if (error instanceof APIError) throw fromApiError(error as APIError, baseUrl)
  if (error instanceof SyntaxError) throw unusable(OPENAI, `it is not JSON (${error.message})`, error)
  throw unreachable(OPENAI, baseUrl, error)
}

function fromApiError(error: APIError, baseUrl: string): ProviderError {
  // An error in the middle of a stream has no status.
  if (error.status === undefined) return unreachable(OPENAI, baseUrl, error)
  const message = [error.code, error.message.replace(/^\d+ /, '')].filter(Boolean).join(': ')
  return answeredWith(OPENAI, error.status, message, error.headers, error)
}
