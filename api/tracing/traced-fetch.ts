import { traceHeaders } from './tracing.ts'

/** fetch, with the trace that it is called in, where there is one. */
export const tracedFetch: typeof fetch = (input, init) => {
  const { traceparent } = traceHeaders()
  if (traceparent === undefined) return fetch(input, init)
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined))
  headers.set('traceparent', traceparent)
  return fetch(input, { ...init, headers })
}
