import type { ErrorRequestHandler } from 'express'
import { type ApiError, errorStatus } from '../../contract/error-codes.ts'
import type { DeniedAccess } from '../../services/denied-access.ts'
import { noteError } from '../api-error.ts'
import { errorBody, errorHeaders } from '../error-body.ts'
import { stateOf } from '../request-state.ts'

/** Answers in the shape that the route's clients expect. */
export function errorHandler(denied: DeniedAccess): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const state = stateOf(response)
    if (response.closed) return void state.log.debug({ err: error }, 'gave up on a request whose client went away')
    const answer = noteError(state, error)
    if (isDenial(answer)) denied.record({ ...state, method: request.method, code: answer.code })
    if (response.headersSent) return next(error) // Express ends the connection, which tells the client
    response.status(answer.status).set(errorHeaders(answer, state.errorShape)).set('Cache-Control', 'no-store')
    response.json(errorBody(answer, state.errorShape))
  }
}

function isDenial({ code }: ApiError): boolean {
  return (errorStatus[code] === 401 || errorStatus[code] === 403) && code !== 'QUOTA_EXCEEDED'
}
