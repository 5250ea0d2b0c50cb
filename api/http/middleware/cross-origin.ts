import cors from 'cors'
import type { RequestHandler } from 'express'

/** Lets browsers of the configured origins call the API. Keys travel in a header, so cookies are never allowed. */
export function crossOrigin(origins: readonly string[]): RequestHandler {
  if (origins.length === 0) return (_request, _response, next) => next()
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-Match',
      'If-None-Match',
      'Mcp-Protocol-Version',
      'Traceparent',
      'Tracestate',
      'X-Admin-Token',
      'X-Request-ID',
    ],
    exposedHeaders: [
      'ETag',
      'RateLimit-Limit',
      'RateLimit-Remaining',
      'RateLimit-Reset',
      'Retry-After',
      'Server-Timing',
      'X-Request-ID',
    ],
    maxAge: 600,
  })
}
