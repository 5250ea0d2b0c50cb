import type { ErrorRequestHandler } from 'express'
import { type ApiError, errorStatus } from '../../contract/error-codes.ts'
import type { DeniedAccess } from '../../services/denied-access.ts'
import { toApiError } from '../api-error.ts'
import { stateOf } from '../request-state.ts'

/** Answers with `{detail, code}`. Never a stack: that is for the log, once. */
export function errorHandler(denied: DeniedAccess): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const state = stateOf(response)
    if (response.closed) return void state.log.debug({ err: error }, 'gave up on a request whose client went away')
    const answer = toApiError(error, state.requestId)
    state.errorCode = answer.code
    if (answer.status >= 500) state.error = answer.cause ?? answer
    if (isDenial(answer)) denied.record({ ...state, method: request.method, code: answer.code })
    if (response.headersSent) return next(error) // Express ends the connection, which tells the client
    response.status(answer.status).set(answer.headers).set('Cache-Control', 'no-store')
    response.json({ detail: answer.message, code: answer.code })
  }
}

function isDenial({ code }: ApiError): boolean {
  return (errorStatus[code] === 401 || errorStatus[code] === 403) && code !== 'QUOTA_EXCEEDED'
}
