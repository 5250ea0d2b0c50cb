import type { RequestHandler } from 'express'
import { ApiError } from '../../contract/error-codes.ts'
import type { ErrorShape } from '../error-body.ts'
import { stateOf } from '../request-state.ts'

export const unknownPath: RequestHandler = (request, _response, next) =>
  next(new ApiError('NOT_FOUND', `there is nothing at ${JSON.stringify(request.path.slice(0, 200))}; see /docs`))

/** For a path that exists, with another method. */
export function wrongMethod(allowed: readonly string[], errorShape: ErrorShape): RequestHandler {
  const allow = allowed.map(method => method.toUpperCase()).join(', ')
  return (request, response, next) => {
    if (request.method === 'OPTIONS') return void response.status(204).set('Allow', allow).end()
    stateOf(response).errorShape = errorShape
    const detail = `${request.method} is not possible here; allowed: ${allow}`
    next(new ApiError('VALIDATION_ERROR', detail, { status: 405, headers: { Allow: allow } }))
  }
}
