import { Cache, type CacheObserver } from '../../api/stores/caches/cache.ts'
import { MemoryCache } from '../../api/stores/caches/memory-cache.ts'

export const unobserved: CacheObserver = { outcome: () => undefined, away: () => undefined }

/** A cache in memory with room for everything. */
export function memoryCache(): Cache {
  return new Cache(new MemoryCache(16 * 1024 * 1024), unobserved)
}
