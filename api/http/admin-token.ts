import { createHash, timingSafeEqual } from 'node:crypto'
import { ApiError } from '../contract/error-codes.ts'

/**
 * Lets through who knows the admin token. Digests are compared, so that neither the token's length nor how much of a guess is
 * right shows in the time that it takes.
 * @param expected undefined: none is configured, and nobody is let through
 * @throws ApiError UNAUTHORIZED
 */
export function checkAdminToken(expected: string | undefined, given: string | undefined): void {
  if (expected !== undefined && given !== undefined && timingSafeEqual(digest(given), digest(expected))) return
  throw new ApiError('UNAUTHORIZED', reason(expected, given))
}

function reason(expected: string | undefined, given: string | undefined): string {
  if (expected === undefined) return '/admin is closed because ADMIN_TOKEN is not set; set it and restart the API'
  return given === undefined ? 'send the admin token in the header X-Admin-Token' : 'the X-Admin-Token is wrong'
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
