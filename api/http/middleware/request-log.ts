import type { RequestHandler } from 'express'
import type { HttpMetrics } from '../../metrics.ts'
import { stateOf } from '../request-state.ts'

const probes = new Set(['/health', '/ready', '/metrics'])

/** One line a request when it is over, and its metrics. No bodies, no queries: they may be anything. */
export function requestLog(metrics: HttpMetrics): RequestHandler {
  return (request, response, next) => {
    response.once('close', () => {
      const state = stateOf(response)
      const durationMs = Math.round((performance.now() - state.startedAt) * 10) / 10
      // Without an answer, the client went away; 499 is what nginx calls that.
      const status = response.headersSent ? response.statusCode : 499
      metrics.observe(request.method, state.route, status, durationMs / 1000)
      if (state.errorCode) metrics.countError(state.errorCode)
      const fields = {
        method: request.method,
        path: request.path.slice(0, 200),
        route: state.route,
        status,
        duration_ms: durationMs,
        ...(state.errorCode && { code: state.errorCode }),
        ...(state.error !== undefined && { err: state.error }),
        ...(state.caller.type === 'api-key' && { api_key: state.caller.prefix }),
      }
      const level = status >= 500 ? 'error' : probes.has(state.route) ? 'debug' : 'info'
      state.log[level](fields, `${request.method} ${state.route} ${status}`)
    })
    next()
  }
}
