import { type Cache } from '../stores/caches/cache.ts'
import { cacheKey } from '../stores/caches/cache-store.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import type { RetrievalRequest, RetrievalResult } from './retrieval.ts'

export interface RetrievalCacheParts {
  readonly cache: Cache
  readonly ttlSeconds: number
  /** Versions of the scope's knowledge bases, by id, read now from where writers raise them. */
  readonly versions: (scope: TenantScope) => Promise<ReadonlyMap<string, string>>
  /** Everything else that a result depends on and that can change: defaults of the pipeline, models. Plain JSON. */
  readonly settings: () => Promise<unknown>
  /** Told before something is computed, so that no older view of a knowledge base than its version gets in. */
  readonly refresh: (scope: TenantScope) => void
}

/**
 * Remembers what was found. The key holds the whole request and the version of every knowledge base that it reaches, which
 * every change of their contents and settings raises in its own transaction: an older result is not found any more. What a model was to
 * have its part in and failed is not remembered: it may work again for the next who asks.
 */
export class RetrievalCache {
  readonly #parts: RetrievalCacheParts

  constructor(parts: RetrievalCacheParts) {
    this.#parts = parts
  }

  /** @throws what `compute` throws, and the database's errors */
  async through(
    scope: TenantScope,
    request: RetrievalRequest,
    compute: (request: RetrievalRequest) => Promise<RetrievalResult>,
  ): Promise<RetrievalResult> {
    const { cache, ttlSeconds, refresh } = this.#parts
    const { signal, ...wanted } = request
    const versions = await this.#versions(scope, request.knowledgeBaseIds ?? [])
    // One of them does not exist: computing it tells so.
    if (!versions) return compute(request)
    const entry = {
      kind: 'retrieval',
      tenantId: scope.tenantId,
      knowledgeBaseIds: [...versions.keys()],
      key: cacheKey([scope.collection, [...versions], wanted, await this.#parts.settings()]),
      ttlSeconds,
    } as const
    const started = performance.now()
    const make = async (shared: AbortSignal) => {
      refresh(scope)
      return JSON.stringify(await compute({ ...wanted, signal: shared }))
    }
    const whole = (value: string) => !(JSON.parse(value) as RetrievalResult).degraded
    const { value, cached } = await cache.through(entry, make, signal, whole)
    const result = JSON.parse(value) as RetrievalResult
    if (!cached) return result
    const total = Math.round((performance.now() - started) * 100) / 100
    return { ...result, timingsMs: { total }, trace: { ...result.trace, cached: true } }
  }

  /** In the order in which they are asked for; null when one of them is not there. */
  async #versions(scope: TenantScope, ids: readonly string[]): Promise<ReadonlyMap<string, string> | null> {
    const versions = await this.#parts.versions(scope)
    const wanted = ids.length === 0 ? [...versions.keys()] : [...new Set(ids.map(id => id.toLowerCase()))]
    const found = new Map(wanted.map(id => [id, versions.get(id)]))
    return [...found.values()].includes(undefined) ? null : (found as Map<string, string>)
  }
}
