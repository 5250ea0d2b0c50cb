import { createHash, timingSafeEqual } from 'node:crypto'
import { ApiError } from '../contract/error-codes.ts'

/**
 * Lets through who knows the admin token. Digests are compared, so that neither the token's length nor how much of a guess is
 * right shows in the time that it takes.
 * @param expected any of them will do; empty: none is configured, and nobody is let through
 * @throws ApiError UNAUTHORIZED
 */
export function checkAdminToken(expected: readonly string[], given: string | undefined): void {
  // All of them are compared, whichever is right.
  const right = given !== undefined && expected.filter(token => timingSafeEqual(digest(given), digest(token)))
  if (right && right.length > 0) return
  throw new ApiError('UNAUTHORIZED', reason(expected, given))
}

function reason(expected: readonly string[], given: string | undefined): string {
  if (expected.length === 0) return '/admin is closed because ADMIN_TOKEN is not set; set it and restart the API'
  return given === undefined ? 'send the admin token in the header X-Admin-Token' : 'the X-Admin-Token is wrong'
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
