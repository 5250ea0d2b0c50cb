import { Ollama } from 'ollama'
import { readAddress } from './address.ts'
import type { CallLimits } from './call-limits.ts'
import { ProviderError } from './provider-error.ts'
import { answeredWith, errorText, unreachable, unusable } from './remote-failure.ts'

export const OLLAMA = 'ollama'

export interface OllamaConnection {
  /** `http://localhost:11434` */
  readonly baseUrl: string
  /** For tests and proxies; the global one by default. */
  readonly fetch?: typeof globalThis.fetch
}

/**
 * The official client for one call. It takes no signal but its own and drops the headers of error answers, so both are
 * added where it fetches; a client is a small object.
 */
export function ollamaClient({ baseUrl, fetch = globalThis.fetch }: OllamaConnection, limits: CallLimits): Ollama {
  const { url, headers } = readAddress(baseUrl)
  return new Ollama({
    host: url,
    headers,
    fetch: async (input, init) => {
      const signal = init?.signal ? AbortSignal.any([init.signal, limits.signal]) : limits.signal
      const response = await fetch(input, { ...init, signal })
      if (response.ok) return response
      const text = await response.text()
      throw answeredWith(OLLAMA, response.status, errorText(text), response.headers)
    },
  })
}

/** Turns whatever a call of the client threw into what callers of a provider expect. Always throws. */
export function throwOllamaFailure(error: unknown, limits: CallLimits, baseUrl: string): never {
  limits.throwIfExceeded(OLLAMA)
  if (error instanceof ProviderError) throw error
  if (error instanceof SyntaxError) throw unusable(OLLAMA, `it is not JSON (${error.message})`, error)
  throw unreachable(OLLAMA, baseUrl, error)
}
