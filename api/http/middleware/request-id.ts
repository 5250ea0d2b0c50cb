import { randomUUID } from 'node:crypto'
import type { RequestHandler } from 'express'
import type { Logger } from 'pino'
import { beginState } from '../request-state.ts'

/** What may stand in our logs and headers; anything else a client sends is replaced. */
const PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

/** Begins a request: takes X-Request-ID over or makes one, and answers with it. */
export function requestId(log: Logger): RequestHandler {
  return (request, response, next) => {
    const given = request.get('x-request-id')
    const id = given !== undefined && PATTERN.test(given) ? given : randomUUID()
    beginState(response, {
      requestId: id,
      startedAt: performance.now(),
      log: log.child({ request_id: id }),
      caller: { type: 'anonymous' },
      route: 'unknown',
      errorShape: 'own',
    })
    response.setHeader('X-Request-ID', id)
    next()
  }
}
