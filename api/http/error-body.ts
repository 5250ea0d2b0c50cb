import type { ApiError, ErrorCode } from '../contract/error-codes.ts'

/** `own`: `{detail, code}`. `openai`: what OpenAI's clients expect of its routes. */
export type ErrorShape = 'own' | 'openai'

/** The JSON of an error. Never a stack: that is for the log, once. Pure. */
export function errorBody(error: ApiError, shape: ErrorShape): object {
  if (shape === 'own') return { detail: error.message, code: error.code }
  return { error: { message: error.message, type: openAiType(error.status), param: parameter(error), code: openAiCodes[error.code] ?? error.code } } // prettier-ignore
}

/** Headers that belong to the body: OpenAI's clients repeat a request after 409 and 5xx unless they are told not to. */
export function errorHeaders(error: ApiError, shape: ErrorShape): Readonly<Record<string, string>> {
  const repeating = error.status === 429 || error.status === 502 || error.status === 503
  return shape === 'openai' && !repeating ? { 'x-should-retry': 'false', ...error.headers } : error.headers
}

/** Where OpenAI has a name of its own, programs look for that. */
const openAiCodes: Partial<Readonly<Record<ErrorCode, string>>> = {
  INVALID_API_KEY: 'invalid_api_key',
  UNAUTHORIZED: 'invalid_api_key',
  RATE_LIMITED: 'rate_limit_exceeded',
  MODEL_NOT_FOUND: 'model_not_found',
}

function openAiType(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** Validation begins its words with the field's path. */
function parameter({ code, message }: ApiError): string | null {
  return code === 'VALIDATION_ERROR' ? (/^([\w.[\]]+): /.exec(message)?.[1] ?? null) : null
}
