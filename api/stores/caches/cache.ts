import { setTimeout as delay } from 'node:timers/promises'
import type { CacheEntry, CacheKind, CacheOwner, CacheStore, Ticket } from './cache-store.ts'
import { SharedWork } from './shared-work.ts'

/** `bypass`: the store could not be asked, or somebody else took too long. */
export type CacheOutcome = 'hit' | 'miss' | 'bypass'

export interface CacheObserver {
  /** A lookup was answered. */
  outcome(kind: CacheKind, outcome: CacheOutcome): void
  /** The store could not be asked; told once until it answers again. */
  away(error: unknown): void
}

/** What is computed costs at most this much waiting for somebody else who computes it. */
const PATIENCE_MS = 60_000
const POLL_MS = 30
/** A store that did not answer is left alone for so long, so that not every request waits for its time-out. */
const REST_MS = 1_000

/**
 * Values by what they were computed from. However many ask for one at the same time, it is computed once, in this process
 * and, with Redis, in all replicas. A store that is away costs the cache, never the answer.
 */
export class Cache {
  readonly #store: CacheStore
  readonly #observer: CacheObserver
  readonly #work = new SharedWork()
  #restsUntil = 0
  #away = false

  constructor(store: CacheStore, observer: CacheObserver) {
    this.#store = store
    this.#observer = observer
  }

  get storage(): CacheStore['storage'] {
    return this.#store.storage
  }

  /**
   * @param compute its signal is aborted when nobody waits for the value any more
   * @param worthKeeping says no of a value that is good for who waits for it and not for who asks later
   * @throws what `compute` throws, which is not kept; the signal's reason
   */
  async through(
    entry: CacheEntry,
    compute: (signal: AbortSignal) => Promise<string>,
    signal?: AbortSignal,
    worthKeeping: (value: string) => boolean = () => true,
  ): Promise<{ readonly value: string; readonly cached: boolean }> {
    const key = `${entry.tenantId}:${entry.kind}:${entry.key}`
    return this.#work.do(key, shared => this.#find(entry, () => compute(shared), worthKeeping, shared), signal)
  }

  /** For what cannot be shared while it is made, such as a stream: the value, or a ticket when nobody else has it. */
  async lookup(entry: CacheEntry): Promise<{ readonly value: string | null; readonly ticket: Ticket | null }> {
    const found = await this.#ask(entry)
    const value = found?.value ?? null
    this.#observer.outcome(entry.kind, found === null ? 'bypass' : value === null ? 'miss' : 'hit')
    const ticket = found && found.value === null ? found.ticket : null
    return { value, ticket: ticket && forgiving(ticket) }
  }

  /** @throws CacheUnavailable: who deletes something has to know that it is gone */
  purge(owner: CacheOwner): Promise<number> {
    return this.#store.purge(owner)
  }

  count(owner: CacheOwner): Promise<number> {
    return this.#store.count(owner)
  }

  /** Whose values it holds, by the ids of the tenants. @throws the store's error when it is away */
  tenants(): Promise<readonly string[]> {
    return this.#store.tenants()
  }

  async #find(
    entry: CacheEntry,
    compute: () => Promise<string>,
    worthKeeping: (value: string) => boolean,
    signal: AbortSignal,
  ) {
    const started = performance.now()
    for (let wait = POLL_MS; ; wait = Math.min(2 * wait, 8 * POLL_MS)) {
      const found = await this.#ask(entry)
      if (found?.value != null) {
        this.#observer.outcome(entry.kind, 'hit')
        return { value: found.value, cached: true }
      }
      const ticket = found?.ticket ?? null
      const givesUp = found === null || performance.now() - started > PATIENCE_MS
      if (ticket || givesUp) {
        this.#observer.outcome(entry.kind, ticket ? 'miss' : 'bypass')
        return { value: await make(ticket && forgiving(ticket), compute, worthKeeping), cached: false }
      }
      await delay(wait, undefined, { signal })
    }
  }

  /** Null: the store is away. */
  async #ask(entry: CacheEntry) {
    if (performance.now() < this.#restsUntil) return null
    try {
      const found = await this.#store.lookup(entry)
      this.#away = false
      return found
    } catch (error) {
      this.#restsUntil = performance.now() + REST_MS
      if (!this.#away) this.#observer.away(error)
      this.#away = true
      return null
    }
  }
}

async function make(
  ticket: Ticket | null,
  compute: () => Promise<string>,
  worthKeeping: (value: string) => boolean,
): Promise<string> {
  try {
    const value = await compute()
    await (worthKeeping(value) ? ticket?.keep(value) : ticket?.drop())
    return value
  } catch (error) {
    await ticket?.drop()
    throw error
  }
}

/** A store that went away since the lookup takes nothing from who has computed the value. */
function forgiving(ticket: Ticket): Ticket {
  return {
    keep: value => ticket.keep(value).catch(() => undefined),
    drop: () => ticket.drop().catch(() => undefined),
  }
}
