import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import {
  type CacheEntry,
  type CacheOwner,
  type CacheStore,
  CacheUnavailable,
  type Lookup,
  type Ticket,
  isTenant,
  ownerName,
  ownersOf,
} from './cache-store.ts'
import { COUNT, HOLD, KEEP, LOOKUP, PURGE } from './redis-scripts.ts'

/** Whoever makes a value holds a lock that ends this long after its process did. */
const LOCK_MS = 6_000
/** Longer than anything takes to be made. */
const EPOCH_MS = 3_600_000

type Script = (keys: number, ...args: (string | number)[]) => Promise<unknown>
type Scripts = Record<'cacheLookup' | 'cacheKeep' | 'cacheHold' | 'cachePurge' | 'cacheCount', Script>

/** Values that all replicas share, in Redis 6 or newer. One replica makes a value while the others wait for it. */
export class RedisCache implements CacheStore {
  readonly storage = 'redis'
  readonly #redis: Scripts & Pick<Redis, 'scan'>

  constructor(redis: Redis) {
    redis.defineCommand('cacheLookup', { lua: LOOKUP })
    redis.defineCommand('cacheKeep', { lua: KEEP })
    redis.defineCommand('cacheHold', { lua: HOLD })
    redis.defineCommand('cachePurge', { lua: PURGE })
    redis.defineCommand('cacheCount', { lua: COUNT })
    this.#redis = redis as unknown as Scripts & Pick<Redis, 'scan'>
  }

  async lookup(entry: CacheEntry): Promise<Lookup> {
    const token = randomUUID()
    const names = namesOf(entry)
    const keys = [names.value, names.lock, ...names.owners.map(({ epoch }) => epoch)]
    const answer = (await this.#redis.cacheLookup(keys.length, ...keys, token, LOCK_MS)) as (string | null)[]
    const [value, got, ...epochs] = answer
    if (value != null) return { value }
    return { value: null, ticket: got === '1' ? this.#ticket(entry, token, epochs as string[]) : null }
  }

  async purge(owner: CacheOwner): Promise<number> {
    const { epoch, index } = ownerKeys(owner.tenantId, ownerName(owner))
    try {
      return (await this.#redis.cachePurge(2, epoch, index, EPOCH_MS)) as number
    } catch (cause) {
      throw new CacheUnavailable('Redis, which holds cached results, cannot be reached', { cause })
    }
  }

  async count(owner: CacheOwner): Promise<number> {
    return (await this.#redis.cacheCount(1, ownerKeys(owner.tenantId, ownerName(owner)).index)) as number
  }

  async tenants(): Promise<readonly string[]> {
    const found = new Set<string>()
    let cursor = '0'
    do {
      const [next, keys] = await this.#redis.scan(cursor, 'MATCH', ownerKeys('*', '*').index, 'COUNT', 1000)
      for (const key of keys) found.add(key.slice(key.lastIndexOf(':') + 1))
      cursor = next
    } while (cursor !== '0')
    return [...found].filter(isTenant)
  }

  #ticket(entry: CacheEntry, token: string, epochs: readonly string[]): Ticket {
    const { value: key, lock, owners } = namesOf(entry)
    const hold = (ms: number) => this.#redis.cacheHold(1, lock, token, ms)
    // A hold that fails leaves the lock to end by itself: at worst two make the same value.
    const holding = setInterval(() => void hold(LOCK_MS).catch(() => undefined), LOCK_MS / 3).unref()
    return {
      keep: async value => {
        clearInterval(holding)
        const keys = [key, lock, ...owners.flatMap(({ epoch, index }) => [epoch, index])]
        await this.#redis.cacheKeep(keys.length, ...keys, token, value, entry.ttlSeconds * 1000, ...epochs)
      },
      drop: async () => {
        clearInterval(holding)
        await hold(0)
      },
    }
  }
}

function namesOf(entry: CacheEntry) {
  const value = `${tenantPrefix(entry.tenantId)}${entry.kind}:${entry.key}`
  return {
    value,
    lock: `${value}:lock`,
    owners: ownersOf(entry).map(owner => ownerKeys(entry.tenantId, owner)),
  }
}

function ownerKeys(tenantId: string, owner: string): { epoch: string; index: string } {
  const prefix = tenantPrefix(tenantId)
  return { epoch: `${prefix}epoch:${owner}`, index: `${prefix}index:${owner}` }
}

function tenantPrefix(tenantId: string): string {
  return `selfrag:cache:{${tenantId}}:`
}
