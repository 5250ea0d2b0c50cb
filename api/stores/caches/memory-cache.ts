import { LRUCache } from 'lru-cache'
import {
  type CacheEntry,
  type CacheOwner,
  type CacheStore,
  type Lookup,
  isTenant,
  ownerName,
  ownersOf,
} from './cache-store.ts'

interface Kept {
  readonly value: string
  readonly owners: readonly string[]
}

/** Values in this process, those used least recently going first. */
export class MemoryCache implements CacheStore {
  readonly storage = 'memory'
  readonly #byOwner = new Map<string, Set<string>>()
  readonly #making = new Set<{ readonly owners: readonly string[]; purged: boolean }>()
  readonly #values: LRUCache<string, Kept>

  /** @param maxBytes of all values together */
  constructor(maxBytes: number) {
    this.#values = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ value, owners }, key) => 2 * (value.length + key.length * (owners.length + 1)) + 200,
      // An owner that is gone must not be remembered for what it once had.
      ttlAutopurge: false,
      dispose: ({ owners }, key) => this.#forget(owners, key),
    })
  }

  async lookup(entry: CacheEntry): Promise<Lookup> {
    const known = this.#values.get(nameOf(entry))
    if (known) return { value: known.value }
    const making = { owners: ownersOf(entry), purged: false }
    this.#making.add(making)
    return {
      value: null,
      ticket: {
        keep: async value => {
          if (this.#making.delete(making) && !making.purged) this.#keep(entry, value, making.owners)
        },
        drop: async () => void this.#making.delete(making),
      },
    }
  }

  async purge(owner: CacheOwner): Promise<number> {
    const name = ownerName(owner)
    for (const making of this.#making) if (making.owners.includes(name)) making.purged = true
    const keys = [...(this.#byOwner.get(name) ?? [])]
    return keys.filter(key => this.#values.delete(key)).length
  }

  async count(owner: CacheOwner): Promise<number> {
    return [...(this.#byOwner.get(ownerName(owner)) ?? [])].filter(key => this.#values.has(key)).length
  }

  async tenants(): Promise<readonly string[]> {
    return [...this.#byOwner.keys()].filter(isTenant)
  }

  #keep(entry: CacheEntry, value: string, owners: readonly string[]): void {
    const key = nameOf(entry)
    this.#values.set(key, { value, owners }, { ttl: entry.ttlSeconds * 1000 })
    if (!this.#values.has(key)) return // larger than the whole cache
    for (const owner of owners) {
      const keys = this.#byOwner.get(owner) ?? new Set()
      this.#byOwner.set(owner, keys.add(key))
    }
  }

  #forget(owners: readonly string[], key: string): void {
    for (const owner of owners) {
      const keys = this.#byOwner.get(owner)
      keys?.delete(key)
      if (keys?.size === 0) this.#byOwner.delete(owner)
    }
  }
}

function nameOf({ tenantId, kind, key }: CacheEntry): string {
  return `${tenantId}:${kind}:${key}`
}
