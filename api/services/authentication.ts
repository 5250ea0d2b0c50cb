import type { Knex } from 'knex'
import { LRUCache } from 'lru-cache'
import type { Logger } from 'pino'
import { hashApiKey, isApiKey } from '../contract/api-key.ts'
import { ApiError } from '../contract/error-codes.ts'
import { type KeyWithTenant, findKeyWithTenant, touchKey } from '../stores/postgres/api-keys.ts'
import { TenantScope } from '../stores/postgres/tenant-scope.ts'
import type { KeyCaller } from './caller.ts'

export interface Authenticated {
  readonly caller: KeyCaller
  readonly scope: TenantScope
  readonly disabled: boolean
  /** -1: unlimited. */
  readonly requestsPerMinute: number
  readonly tenantRequestsPerMinute: number
}

export interface AuthenticationParts {
  readonly database: Knex
  readonly now: () => Date
  readonly log: Logger
  /** For keys that have no limit of their own. */
  readonly requestsPerMinute: () => Promise<number>
}

/** Revocation must work within 5 s in every replica; the rest of the time is for what is already under way. */
const TTL_MS = 3000
const TOUCH_EVERY_MS = 60_000

/** Knows API keys by their hash, and remembers what it knows for three seconds. */
export class AuthenticationService {
  readonly #parts: AuthenticationParts
  #cache: LRUCache<string, { readonly found: KeyWithTenant | null }>
  #latest = 0
  readonly #touched = new LRUCache<string, number>({ max: 10_000 })

  constructor(parts: AuthenticationParts) {
    this.#parts = parts
    this.#cache = this.#emptyCache()
  }

  #emptyCache(): LRUCache<string, { readonly found: KeyWithTenant | null }> {
    const { database, now } = this.#parts
    return new LRUCache({
      max: 10_000,
      ttl: TTL_MS,
      perf: { now: () => now().getTime() },
      // Many requests with one key cost one query.
      fetchMethod: async hash => ({ found: await findKeyWithTenant(database, hash) }),
    })
  }

  /** @throws ApiError INVALID_API_KEY, in the same words for an unknown, an expired and a revoked key */
  async authenticate(secret: string): Promise<Authenticated> {
    this.#mindTheClock()
    const known = isApiKey(secret) ? (await this.#cache.fetch(hashApiKey(secret)))?.found : null
    if (!known || !this.#works(known)) throw invalidKey()
    const { key, tenant } = known
    this.#touch(key.id)
    return {
      caller: { type: 'api-key', keyId: key.id, prefix: key.prefix, role: key.role, tenantId: tenant.id },
      scope: new TenantScope(tenant, key.scope_kb_ids ?? 'all'),
      disabled: tenant.status === 'disabled',
      requestsPerMinute: key.rate_limit_per_minute ?? (await this.#parts.requestsPerMinute()),
      tenantRequestsPerMinute: tenant.quotas.requestsPerMinute,
    }
  }

  /**
   * A key or a tenant was changed here: this replica need not wait. A new cache, as emptying the old one would fail the requests,
   * of whichever tenant, that wait for it just now; and what they read is not remembered.
   */
  forget(): void {
    this.#cache = this.#emptyCache()
  }

  /** A clock that was set back would keep what is remembered for as long again. */
  #mindTheClock(): void {
    const now = this.#parts.now().getTime()
    if (now < this.#latest) this.forget()
    this.#latest = now
  }

  #works({ key }: KeyWithTenant): boolean {
    return key.revoked_at === null && (key.expires_at === null || key.expires_at > this.#parts.now())
  }

  /** Notes the use of a key, once a minute at most. Nobody waits for it, and a failure costs nothing but the note. */
  #touch(keyId: string): void {
    const { database, log, now } = this.#parts
    const at = now()
    if (at.getTime() - (this.#touched.get(keyId) ?? 0) < TOUCH_EVERY_MS) return
    this.#touched.set(keyId, at.getTime())
    touchKey(database, keyId, at).catch((error: unknown) => {
      log.debug({ err: error }, 'could not note when a key was last used')
    })
  }
}

function invalidKey(): ApiError {
  return new ApiError('INVALID_API_KEY', 'the API key is unknown, expired or revoked; ask your administrator for one', {
    headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
  })
}
