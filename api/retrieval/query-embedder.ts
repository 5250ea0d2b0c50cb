import { fingerprint, type VectorSpace } from '../contract/fingerprint.ts'
import type { Embedder } from '../providers/embedders/embedder.ts'
import type { Cache } from '../stores/caches/cache.ts'
import { cacheKey } from '../stores/caches/cache-store.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'

/** Embeds queries, remembering recent ones: people and front ends ask the same thing again and again. */
export class QueryEmbedder {
  readonly space: VectorSpace
  readonly fingerprint: string
  readonly #embedder: Embedder
  readonly #cache: Cache
  readonly #ttlSeconds: number

  /** @param ttlSeconds 0 remembers nothing */
  constructor(embedder: Embedder, space: VectorSpace, cache: Cache, ttlSeconds: number) {
    this.#embedder = embedder
    this.space = space
    this.fingerprint = fingerprint(space)
    this.#cache = cache
    this.#ttlSeconds = ttlSeconds
  }

  get provider(): string {
    return this.#embedder.provider
  }

  get model(): string {
    return this.#embedder.model
  }

  /**
   * A tenant's queries are remembered for that tenant alone: how fast an answer comes tells nobody what others asked.
   * @throws ProviderError
   */
  async embed(
    scope: TenantScope,
    text: string,
    signal?: AbortSignal,
  ): Promise<{ vector: Float32Array; cached: boolean }> {
    if (this.#ttlSeconds === 0) return { vector: await this.#compute(text, signal), cached: false }
    const entry = {
      kind: 'embedding',
      tenantId: scope.tenantId,
      knowledgeBaseIds: [],
      key: cacheKey([this.provider, this.model, this.fingerprint, text]),
      ttlSeconds: this.#ttlSeconds,
    } as const
    const { value, cached } = await this.#cache.through(
      entry,
      async shared => encode(await this.#compute(text, shared)),
      signal,
    )
    return { vector: decode(value), cached }
  }

  async #compute(text: string, signal?: AbortSignal): Promise<Float32Array> {
    const [vector] = await this.#embedder.embed([text], 'query', signal)
    if (!vector) throw new TypeError(`embedder ${this.#embedder.provider} answered no vector for a query`)
    return vector
  }
}

function encode(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
}

function decode(value: string): Float32Array {
  const bytes = Buffer.from(value, 'base64')
  // A copy, because a Buffer of the pool may begin where no float can.
  return new Float32Array(Uint8Array.from(bytes).buffer)
}
