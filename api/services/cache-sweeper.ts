import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import type { Logger } from 'pino'
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
export class CacheSweeper {
  readonly #parts: SweeperParts
  readonly #stopping = new AbortController()
  #running: Promise<void> | null = null

  constructor(parts: SweeperParts) {
    this.#parts = parts
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { log, everyMs } = this.#parts
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await delay(everyMs, undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) return
      // Whoever is away is told by those who need it now.
      await this.#sweep().catch((error: unknown) => log.debug({ err: error }, 'the cache could not be swept'))
    }
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
