import { LRUCache } from 'lru-cache'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'

/** What a load gives, by knowledge base; those that have nothing are left out. */
export type LoadByKnowledgeBase<T> = (
  scope: TenantScope,
  knowledgeBaseIds: readonly string[],
) => Promise<ReadonlyMap<string, T>>

export interface RefreshingCacheParts<T> {
  readonly load: LoadByKnowledgeBase<T>
  readonly bytesOf: (value: T) => number
  /** That it may hold. */
  readonly bytes: number
  readonly now: () => Date
  /** Told when a reload failed and what there was stays in use. */
  readonly onRefreshError: (error: unknown) => void
}

/** Younger: used as it is. */
const FRESH_MS = 3000
/** Younger: used once more while it is replaced. Older: replaced first, as much may have happened. */
const STALE_MS = 30_000
/** "None yet" is believed this long: the first documents may arrive any moment. */
const ABSENCE_MS = 500

interface Entry<T> {
  /** Undefined: the knowledge base had none when it was asked. */
  readonly value: T | undefined
  readonly loadedAt: number
}

/**
 * What searches must know of knowledge bases, held in memory so that a query waits for no database: what is seconds old
 * ranks the same. What there is keeps being used while the database is down.
 */
export class RefreshingCache<T extends object> {
  readonly #parts: RefreshingCacheParts<T>
  readonly #refreshing = new Set<string>()
  readonly #entries: LRUCache<string, Entry<T>>

  constructor(parts: RefreshingCacheParts<T>) {
    this.#parts = parts
    this.#entries = new LRUCache({
      maxSize: parts.bytes,
      sizeCalculation: ({ value }) => 64 + (value ? parts.bytesOf(value) : 0),
    })
  }

  /**
   * Of those knowledge bases that have any, in the ids' order.
   * @throws the loader's error, when there is nothing in memory to go on with
   */
  async of(scope: TenantScope, knowledgeBaseIds: readonly string[]): Promise<T[]> {
    const now = this.#parts.now().getTime()
    // Asked once: an entry may be dropped between two questions.
    const held = new Map(knowledgeBaseIds.map(id => [id, this.#entries.get(entryKey(scope, id))]))
    const olderThan = (id: string, limit: number) => now - (held.get(id)?.loadedAt ?? -Infinity) >= limit
    const needed = knowledgeBaseIds.filter(id => olderThan(id, held.get(id)?.value ? STALE_MS : ABSENCE_MS))
    const stale = knowledgeBaseIds.filter(id => !needed.includes(id) && olderThan(id, FRESH_MS))
    if (stale.length > 0) this.#refresh(scope, stale)
    const loaded = needed.length > 0 ? await this.#loadOrKeep(scope, needed, held) : held
    return knowledgeBaseIds.map(id => (loaded.get(id) ?? held.get(id))?.value).filter(value => value !== undefined)
  }

  async #loadOrKeep(scope: TenantScope, ids: readonly string[], held: ReadonlyMap<string, Entry<T> | undefined>) {
    try {
      return await this.#loadInto(scope, ids)
    } catch (error) {
      if (!ids.every(id => held.get(id))) throw error
      this.#parts.onRefreshError(error)
      return held
    }
  }

  #refresh(scope: TenantScope, ids: readonly string[]): void {
    const keys = new Map(ids.map(id => [id, entryKey(scope, id)]))
    const due = ids.filter(id => !this.#refreshing.has(keys.get(id)!))
    if (due.length === 0) return
    due.forEach(id => this.#refreshing.add(keys.get(id)!))
    this.#loadInto(scope, due)
      .catch(this.#parts.onRefreshError)
      .finally(() => due.forEach(id => this.#refreshing.delete(keys.get(id)!)))
  }

  async #loadInto(scope: TenantScope, ids: readonly string[]): Promise<Map<string, Entry<T>>> {
    const values = await this.#parts.load(scope, ids)
    const loadedAt = this.#parts.now().getTime()
    const entries = new Map(ids.map(id => [id, { value: values.get(id), loadedAt }]))
    for (const [id, entry] of entries) this.#entries.set(entryKey(scope, id), entry)
    return entries
  }
}

// The tenant is part of the key: whoever asks with another tenant's id must not be answered from memory.
function entryKey(scope: TenantScope, knowledgeBaseId: string): string {
  return `${scope.tenantId}/${knowledgeBaseId}`
}
