import { setTimeout as delay } from 'node:timers/promises'

/** The API refused a request: its status and body, for the report. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure'
  readonly status: number
  constructor(method: string, path: string, status: number, body: string) {
    super(`${method} ${path} answered ${status}: ${body.slice(0, 500)}`)
    this.status = status
  }
}

export type Send = <T>(method: string, path: string, body?: unknown) => Promise<T>

/** JSON over HTTP, as any application would; waits when it is told that it asks too often. */
export function apiClient(url: string, headers: Readonly<Record<string, string>>): Send {
  return async <T>(method: string, path: string, body?: unknown) => {
    for (;;) {
      const response = await fetch(url + path, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T
      if (response.status !== 429) throw new ApiFailure(method, path, response.status, text)
      await delay(1000 * Number(response.headers.get('retry-after') ?? 1))
    }
  }
}
