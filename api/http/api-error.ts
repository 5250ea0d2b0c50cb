import { ApiError } from '../contract/error-codes.ts'
import { databaseFault } from '../stores/postgres/database-errors.ts'
import { CollectionMissing, VectorStoreUnavailable } from '../stores/vectors/vector-store.ts'
import type { RequestState } from './request-state.ts'

/** What the client is told of an error; the request's log line is given what it needs. */
export function noteError(state: RequestState, error: unknown): ApiError {
  const answer = toApiError(error, state.requestId)
  state.errorCode = answer.code
  if (answer.status >= 500) state.error = answer.cause ?? answer
  return answer
}

/**
 * What a caller is told about an error. Faults of the stores become 503, as trying again can help; everything that nobody
 * foresaw becomes one 500 that tells nothing but the request's id.
 */
export function toApiError(error: unknown, requestId: string): ApiError {
  if (error instanceof ApiError) return error
  const upstream = upstreamDetail(error)
  if (upstream) return new ApiError('UPSTREAM_ERROR', upstream, { cause: error, headers: { 'Retry-After': '5' } })
  if (isBrokenUrl(error)) return new ApiError('NOT_FOUND', 'the path is not well encoded; see /docs', { cause: error })
  const detail = `something went wrong here that is not your fault; the log has it under request ${requestId}`
  return new ApiError('INTERNAL_ERROR', detail, { cause: error })
}

function upstreamDetail(error: unknown): string | null {
  if (error instanceof VectorStoreUnavailable) return 'the vector store cannot be reached; /ready tells more'
  if (error instanceof CollectionMissing) return 'the place of your vectors is not prepared yet; try again in a moment'
  switch (databaseFault(error)) {
    case 'unavailable':
    case 'refused':
      return 'the database cannot be reached; /ready tells more'
    case 'missing':
      return 'the database is not prepared yet; try again in a moment'
    case 'timeout':
    case 'retry':
      return 'the database is overloaded; try again'
    case 'conflict':
    case 'invalid':
    case 'forbidden':
    case 'other':
      return null
  }
}

/** Express cannot decode `%zz` in a path. */
function isBrokenUrl(error: unknown): boolean {
  return error instanceof URIError
}
