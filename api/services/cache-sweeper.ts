import type { Knex } from 'knex'
import type { Logger } from 'pino'
import { BackgroundLoop } from '../background-loop.ts'
import type { Cache } from '../stores/caches/cache.ts'
import { goneTenants } from '../stores/postgres/tenants.ts'

export interface SweeperParts {
  readonly database: Knex
  readonly cache: Pick<Cache, 'tenants' | 'purge'>
  readonly log: Logger
  readonly everyMs: number
}

/**
 * Removes what a cache holds of tenants that are gone: deleted while Redis was away, by the operator, which does not talk to
 * Redis, or by another process, which cannot reach into this one's memory. It compares what is there with what should be, so that nothing has
 * to be remembered meanwhile.
 */
export class CacheSweeper extends BackgroundLoop {
  readonly #parts: SweeperParts

  constructor(parts: SweeperParts) {
    super(parts.everyMs)
    this.#parts = parts
  }

  protected override async turn(): Promise<number> {
    // Whoever is away is told by those who need it now.
    await this.#sweep().catch((error: unknown) => this.#parts.log.debug({ err: error }, 'the cache could not be swept'))
    return this.#parts.everyMs
  }

  async #sweep(): Promise<void> {
    const { database, cache, log } = this.#parts
    // In this order: nothing is cached for a tenant before it is there.
    const cached = await cache.tenants()
    if (cached.length === 0) return
    for (const tenantId of await goneTenants(database, cached)) {
      const purged = await cache.purge({ tenantId })
      log.info({ tenant_id: tenantId, purged }, 'cached results of a deleted tenant were removed')
    }
  }
}
