import { type ErrorCode, errorStatus } from '../../contract/error-codes.ts'
import type { Route } from '../route.ts'

/** The codes that an endpoint can answer with, by HTTP status: its own, and those that its nature brings. */
export function errorsByStatus(route: Route): ReadonlyMap<number, readonly ErrorCode[]> {
  const byStatus = new Map<number, Set<ErrorCode>>()
  const add = (status: number, code: ErrorCode) => byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code))
  for (const code of [...(route.errors ?? []), ...implied(route)]) add(errorStatus[code], code)
  // The caller's URL may be at fault as well as the host behind it.
  if (route.errors?.includes('FETCH_FAILED')) add(400, 'FETCH_FAILED')
  if (route.body || route.form) for (const status of [413, 415]) add(status, 'VALIDATION_ERROR')
  return new Map([...byStatus].sort(([a], [b]) => a - b).map(([status, codes]) => [status, [...codes]]))
}

function implied({ auth, body, form, query, headers }: Route): ErrorCode[] {
  const codes: ErrorCode[] = ['INTERNAL_ERROR']
  if (body || form || query || headers) codes.push('VALIDATION_ERROR')
  if (auth === 'public') return codes
  codes.push('UNAUTHORIZED', 'UPSTREAM_ERROR')
  if (auth !== 'admin') codes.push('INVALID_API_KEY', 'FORBIDDEN', 'TENANT_DISABLED', 'RATE_LIMITED')
  return codes
}
