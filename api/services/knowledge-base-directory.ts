import { LRUCache } from 'lru-cache'
import type { AnsweringSettings } from '../contract/answering.ts'
import type { ChunkerName } from '../contract/chunking.ts'
import { ApiError } from '../contract/error-codes.ts'
import type { ModelChoice } from '../contract/model-reference.ts'
import type { RetrievalSettings } from '../contract/retrieval.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'

/** What a query must know of a knowledge base. */
export interface SearchableKnowledgeBase {
  readonly id: string
  readonly name: string
  /** What is in it, for people, and for an LLM that chooses among knowledge bases. */
  readonly description: string
  readonly createdAt: Date
  /** How documents that come now are cut. */
  readonly chunker: ChunkerName
  /** Its own retrieval defaults; what it leaves out is the pipeline's. */
  readonly retrieval: Partial<RetrievalSettings>
  readonly answering: AnsweringSettings
  readonly models: ModelChoice
}

/** All knowledge bases of the scope's tenant that are not being deleted. */
export type LoadKnowledgeBases = (scope: TenantScope) => Promise<readonly SearchableKnowledgeBase[]>

const TTL_MS = 5000

/** The knowledge bases of each tenant, remembered for five seconds, so that a query waits for no database. */
export class KnowledgeBaseDirectory {
  readonly #load: LoadKnowledgeBases
  readonly #cache = new LRUCache<string, readonly SearchableKnowledgeBase[]>({ max: 10_000, ttl: TTL_MS })

  constructor(load: LoadKnowledgeBases) {
    this.#load = load
  }

  /**
   * The named knowledge bases, or all that the scope allows when none is named.
   * @throws ApiError KB_NOT_FOUND for one that does not exist, is another tenant's or outside the scope: the same words
   */
  async resolve(scope: TenantScope, ids: readonly string[]): Promise<readonly SearchableKnowledgeBase[]> {
    const wanted = [...new Set(ids.map(id => id.toLowerCase()))]
    const outside = wanted.find(id => !scope.allows(id))
    if (outside !== undefined) throw notFound(outside)
    const known = await this.#all(scope, wanted)
    if (wanted.length === 0) return known.filter(({ id }) => scope.allows(id))
    return wanted.map(id => {
      const found = known.find(one => one.id === id)
      if (!found) throw notFound(id)
      return found
    })
  }

  /** Forget what is known of a tenant: one of its knowledge bases was made, changed or deleted. */
  invalidate(tenantId: string): void {
    this.#cache.delete(tenantId)
  }

  /** A knowledge base that is not in memory may have been made since; it is looked for before it is called missing. */
  async #all(scope: TenantScope, wanted: readonly string[]): Promise<readonly SearchableKnowledgeBase[]> {
    const cached = this.#cache.get(scope.tenantId)
    if (cached && wanted.every(id => cached.some(one => one.id === id))) return cached
    const loaded = await this.#load(scope)
    this.#cache.set(scope.tenantId, loaded)
    return loaded
  }
}

function notFound(id: string): ApiError {
  return new ApiError('KB_NOT_FOUND', `knowledge base ${JSON.stringify(id.slice(0, 100))} does not exist`)
}
