import { LRUCache } from 'lru-cache'

/** The vectors that a collection holds now: row of `embedding_generations` whose status is `active`. */
export interface ActiveGeneration {
  readonly fingerprint: string
  /** Null: made in lexical mode, without dense vectors. */
  readonly model: string | null
  readonly dimension: number | null
}

export type LoadGeneration = (collection: string) => Promise<ActiveGeneration | null>

const TTL_MS = 5000

/**
 * Remembers for five seconds which generation each collection is at, so that a query costs no round trip to learn it.
 * "None" is not remembered: provisioning may be about to make it.
 */
export class CollectionGenerations {
  readonly #load: LoadGeneration
  readonly #cache = new LRUCache<string, ActiveGeneration>({ max: 10_000, ttl: TTL_MS })

  constructor(load: LoadGeneration) {
    this.#load = load
  }

  /** @param collection the alias, as in TenantScope */
  async of(collection: string): Promise<ActiveGeneration | null> {
    const known = this.#cache.get(collection)
    if (known) return known
    const loaded = await this.#load(collection)
    if (loaded) this.#cache.set(collection, loaded)
    return loaded
  }
}
