import cors from 'cors'
import type { RequestHandler } from 'express'

/**
 * Lets browsers of the configured origins call the API. Keys travel in a header, so cookies are never allowed. Such a page may send
 * whatever headers it asks for (without `allowedHeaders`, cors answers with those): clients bring their own, such as OpenAI's `X-Stainless-OS`.
 */
export function crossOrigin(origins: readonly string[]): RequestHandler {
  if (origins.length === 0) return (_request, _response, next) => next()
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: [
      'ETag',
      'Location',
      'RateLimit-Limit',
      'RateLimit-Policy',
      'RateLimit-Remaining',
      'RateLimit-Reset',
      'Retry-After',
      'Server-Timing',
      'X-Request-ID',
    ],
    maxAge: 600,
  })
}
