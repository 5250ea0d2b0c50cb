import type { Completion, CompletionRequest, Llm } from '../providers/llms/llm.ts'
import type { Cache } from '../stores/caches/cache.ts'
import { type CacheEntry, cacheKey } from '../stores/caches/cache-store.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'

/**
 * Remembers what a model said. The key holds the messages themselves, with every passage that the model was shown, so an
 * answer from an older document cannot come back. Only at temperature 0: with another one, callers want variety.
 */
export class LlmCache {
  readonly #cache: Cache
  readonly #ttlSeconds: number

  /** @param ttlSeconds 0 remembers nothing */
  constructor(cache: Cache, ttlSeconds: number) {
    this.#cache = cache
    this.#ttlSeconds = ttlSeconds
  }

  /** The model, for one tenant's question over these knowledge bases. What is remembered costs no tokens, and says so. */
  for(llm: Llm, scope: TenantScope, knowledgeBaseIds: readonly string[]): Llm {
    if (this.#ttlSeconds === 0) return llm
    const cache = this.#cache
    const entryOf = ({ signal: _signal, ...request }: CompletionRequest): CacheEntry => ({
      kind: 'llm',
      tenantId: scope.tenantId,
      knowledgeBaseIds,
      key: cacheKey([llm.provider, llm.model, request]),
      ttlSeconds: this.#ttlSeconds,
    })
    return {
      provider: llm.provider,
      model: llm.model,
      async complete(request) {
        if (request.temperature !== 0) return llm.complete(request)
        const make = async (signal: AbortSignal) => JSON.stringify(await llm.complete({ ...request, signal }))
        const { value, cached } = await cache.through(entryOf(request), make, request.signal)
        return cached ? remembered(value) : (JSON.parse(value) as Completion)
      },
      stream: request =>
        request.temperature === 0 ? streamThrough(llm, request, cache, entryOf(request)) : llm.stream(request),
    }
  }
}

/** A stream cannot be shared while it runs; what it said at its end is kept, and replayed as one piece. */
async function* streamThrough(
  llm: Llm,
  request: CompletionRequest,
  cache: Cache,
  entry: CacheEntry,
): AsyncGenerator<string, Completion, void> {
  const { value, ticket } = await cache.lookup(entry)
  if (value !== null) {
    const completion = remembered(value)
    yield completion.text
    return completion
  }
  let completed = false
  try {
    const completion = yield* llm.stream(request)
    completed = true
    await ticket?.keep(JSON.stringify(completion))
    return completion
  } finally {
    if (!completed) await ticket?.drop()
  }
}

function remembered(value: string): Completion {
  return { ...(JSON.parse(value) as Completion), usage: { promptTokens: 0, completionTokens: 0 } }
}
