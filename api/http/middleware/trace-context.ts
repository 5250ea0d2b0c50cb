import type { RequestHandler } from 'express'
import { currentTracing } from '../../tracing/tracing.ts'
import { stateOf } from '../request-state.ts'

const TRACE_PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/

/** Takes part in the caller's trace (W3C Trace Context); the log has its id also where no traces are sent. */
export const traceContext: RequestHandler = (request, response, next) => {
  const state = stateOf(response)
  const tracing = currentTracing()
  if (!tracing) {
    const traceId = TRACE_PARENT.exec(request.get('traceparent') ?? '')?.[1]
    if (traceId !== undefined) state.log = state.log.child({ trace_id: traceId })
    return next()
  }
  tracing.request(request.method, request.headers, span => {
    state.log = state.log.child({ trace_id: span.traceId })
    response.once('close', () => {
      const tenant = state.caller.type === 'api-key' ? state.caller.tenantId : undefined
      const status = response.headersSent ? response.statusCode : 499
      span.end(state.route, status, { 'selfrag.request_id': state.requestId, 'selfrag.tenant_id': tenant, 'error.type': state.errorCode }) // prettier-ignore
    })
    next()
  })
}
