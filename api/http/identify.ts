import type { Request, Response } from 'express'
import { ApiError } from '../contract/error-codes.ts'
import { roleAllows } from '../contract/api-key.ts'
import type { AuthenticationService } from '../services/authentication.ts'
import type { Caller } from '../services/caller.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import { checkAdminToken } from './admin-token.ts'
import type { RateLimit } from './rate-limit.ts'
import { stateOf } from './request-state.ts'
import type { Auth } from './route.ts'

export interface Gate {
  readonly authentication: AuthenticationService
  readonly rateLimit: RateLimit
  /** The one of now, and while it is being changed the one before. */
  readonly adminTokens: readonly string[]
}

export interface Identity {
  readonly caller: Caller
  readonly scope?: TenantScope
}

/**
 * Finds out who calls and whether they may: key, tenant, rate, role, in this order. The request's log tells the tenant from
 * here on.
 * @throws ApiError UNAUTHORIZED, INVALID_API_KEY, TENANT_DISABLED, RATE_LIMITED, FORBIDDEN
 */
export async function identify(auth: Auth, request: Request, response: Response, gate: Gate): Promise<Identity> {
  const state = stateOf(response)
  if (auth === 'public') return { caller: state.caller }
  if (auth === 'admin') {
    checkAdminToken(gate.adminTokens, request.get('x-admin-token'))
    state.caller = { type: 'admin' }
    return { caller: state.caller }
  }
  const { caller, scope, requestsPerMinute, tenantRequestsPerMinute, disabled } =
    await gate.authentication.authenticate(bearerToken(request))
  state.caller = caller
  state.log = state.log.child({ tenant_id: caller.tenantId })
  if (disabled)
    throw new ApiError('TENANT_DISABLED', 'the tenant of this API key is disabled; ask who runs the service')
  const { headers, refusal } = await gate.rateLimit.consume([
    { key: `key:${caller.keyId}`, limit: requestsPerMinute, what: 'this API key' },
    { key: `tenant:${caller.tenantId}`, limit: tenantRequestsPerMinute, what: 'all API keys of this tenant together' },
  ])
  response.set(headers)
  if (refusal) throw refusal
  if (!roleAllows(caller.role, auth.role))
    throw new ApiError(
      'FORBIDDEN',
      `this needs an API key with the role ${auth.role}; the key's role is ${caller.role}`,
    )
  return { caller, scope }
}

/** @throws ApiError UNAUTHORIZED, with the challenge that RFC 9110 wants */
function bearerToken(request: Request): string {
  const match = /^Bearer +(\S+) *$/i.exec(request.get('authorization') ?? '')
  if (match?.[1]) return match[1]
  throw new ApiError('UNAUTHORIZED', 'send an API key in the header Authorization: Bearer kb_sk_…', {
    headers: { 'WWW-Authenticate': 'Bearer' },
  })
}
