import { maskSecrets } from './mask-secrets.ts'

/** Every code that an error body can bear, with the HTTP status it normally comes with. Users program against these. */
export const errorStatus = {
  INVALID_API_KEY: 401,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  TENANT_DISABLED: 403,
  QUOTA_EXCEEDED: 403,
  RATE_LIMITED: 429,
  VALIDATION_ERROR: 400,
  NOT_FOUND: 404,
  KB_NOT_FOUND: 404,
  DOC_NOT_FOUND: 404,
  CHUNK_NOT_FOUND: 404,
  API_KEY_NOT_FOUND: 404,
  WEBHOOK_NOT_FOUND: 404,
  TENANT_NOT_FOUND: 404,
  MODEL_NOT_FOUND: 404,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  KB_CONFIG_ERROR: 409,
  FETCH_FAILED: 502,
  UPSTREAM_ERROR: 503,
  INTERNAL_ERROR: 500,
} as const

export type ErrorCode = keyof typeof errorStatus
export const errorCodes = Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]]

/**
 * An error that a caller of the API is meant to read: `detail` says what was wrong, with which value, and what to do.
 * Never put a secret, a stack or another tenant's name into it; what callers send instead of an id may be a key, and is masked. `status` overrides the code's usual one (413, 415, 422).
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ErrorCode
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ErrorCode,
    detail: string,
    options: { status?: number; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(maskSecrets(detail), options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status ?? errorStatus[code]
    this.headers = options.headers ?? {}
  }
}
