import type { ApiClient } from './index-documents.ts'

/** Calls the API of this process over HTTP, as anybody else would. */
export function localApiClient(url: string, apiKey: string, signal: AbortSignal): ApiClient {
  return {
    async request<T>(method: string, path: string, body?: unknown): Promise<T> {
      const response = await fetch(url + path, {
        method,
        signal,
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const answer: unknown = await response.json()
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`)
      return answer as T
    },
  }
}
