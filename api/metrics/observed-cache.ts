import type { Logger } from 'pino'
import type { Metrics } from '../metrics.ts'
import type { CacheObserver } from '../stores/caches/cache.ts'

/** Counts hits and misses, and says when the store of the caches goes away. */
export function observedCache(metrics: Metrics, log: Logger): CacheObserver {
  return {
    outcome: (kind, outcome) => metrics.countLookup(kind, outcome),
    away: error => log.warn({ err: error }, 'the caches cannot be reached; answers are computed without them'),
  }
}
