import { LRUCache } from 'lru-cache'
import type { VectorSpace } from '../contract/fingerprint.ts'
import { fingerprint } from '../contract/fingerprint.ts'
import type { Embedder } from '../providers/embedders/embedder.ts'

/** Room for some tens of thousands of questions; a query may be 8,192 characters long, so their number is no bound. */
const CACHE_BYTES = 64 * 1024 * 1024

/** Embeds queries, remembering recent ones: people and front ends ask the same thing again and again. */
export class QueryEmbedder {
  readonly space: VectorSpace
  readonly fingerprint: string
  readonly #embedder: Embedder
  readonly #cache: LRUCache<string, Float32Array> | null
  readonly #underway = new Map<string, Promise<Float32Array>>()

  /** @param cacheTtlSeconds 0 remembers nothing */
  constructor(embedder: Embedder, space: VectorSpace, cacheTtlSeconds: number) {
    this.#embedder = embedder
    this.space = space
    this.fingerprint = fingerprint(space)
    this.#cache =
      cacheTtlSeconds === 0
        ? null
        : new LRUCache({
            ttl: cacheTtlSeconds * 1000,
            maxSize: CACHE_BYTES,
            sizeCalculation: (vector, key) => vector.byteLength + 2 * key.length,
          })
  }

  get provider(): string {
    return this.#embedder.provider
  }

  get model(): string {
    return this.#embedder.model
  }

  /** @throws ProviderError */
  async embed(text: string, signal?: AbortSignal): Promise<{ vector: Float32Array; cached: boolean }> {
    const key = `${this.#embedder.model}\n${text}`
    const known = this.#cache?.get(key)
    if (known) return { vector: known, cached: true }
    return { vector: await this.#once(key, text, signal), cached: false }
  }

  /** Two requests with one text at one time cost one call. The call outlives a caller that gives up: it is cached then. */
  async #once(key: string, text: string, signal?: AbortSignal): Promise<Float32Array> {
    signal?.throwIfAborted()
    let call = this.#underway.get(key)
    if (!call) {
      call = this.#embedder.embed([text], 'query').then(([vector]) => {
        if (!vector) throw new TypeError(`embedder ${this.#embedder.provider} answered no vector for a query`)
        this.#cache?.set(key, vector)
        return vector
      })
      this.#underway.set(key, call)
      const forget = () => this.#underway.delete(key)
      call.then(forget, forget)
    }
    return call
  }
}
