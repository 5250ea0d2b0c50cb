import { LRUCache } from 'lru-cache'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import { LexicalStatistics, type StatisticsColumns } from './lexical-statistics.ts'

/** What a load gives for one knowledge base: its row of `lexical_statistics`. */
export interface StatisticsRow extends StatisticsColumns {
  readonly kb_id: string
}

/** Rows of those of the knowledge bases that have one yet, in any order. */
export type LoadStatistics = (scope: TenantScope, knowledgeBaseIds: readonly string[]) => Promise<StatisticsRow[]>

/** Younger: used as it is. */
const FRESH_MS = 3000
/** Younger: used once more while it is replaced. Older: replaced first, as much may have happened. */
const STALE_MS = 30_000
/** "None yet" is believed this long: the first documents may arrive any moment. */
const ABSENCE_MS = 500
const CACHE_BYTES = 256 * 1024 * 1024

interface Entry {
  /** Null: the knowledge base had none when it was asked. */
  readonly statistics: LexicalStatistics | null
  readonly loadedAt: number
}

/**
 * Term statistics of knowledge bases, held in memory so that a BM25 query waits for no database: weights that are seconds
 * old rank the same. What there is keeps being used while the database is down.
 */
export class LexicalStatisticsCache {
  readonly #load: LoadStatistics
  readonly #now: () => Date
  readonly #onRefreshError: (error: unknown) => void
  readonly #refreshing = new Set<string>()
  readonly #entries = new LRUCache<string, Entry>({
    maxSize: CACHE_BYTES,
    sizeCalculation: entry => 64 + (entry.statistics?.bytes ?? 0),
  })

  /** @param onRefreshError told when a reload in the background failed; the old statistics stay in use */
  constructor(load: LoadStatistics, now: () => Date, onRefreshError: (error: unknown) => void) {
    this.#load = load
    this.#now = now
    this.#onRefreshError = onRefreshError
  }

  /**
   * The statistics of those knowledge bases that have any, in the ids' order.
   * @throws the loader's error, when there is nothing in memory to go on with
   */
  async of(scope: TenantScope, knowledgeBaseIds: readonly string[]): Promise<LexicalStatistics[]> {
    const now = this.#now().getTime()
    const held = new Map(knowledgeBaseIds.map(id => [id, this.#entries.get(entryKey(scope, id))]))
    const olderThan = (id: string, limit: number) => now - (held.get(id)?.loadedAt ?? -Infinity) >= limit
    const needed = knowledgeBaseIds.filter(id => olderThan(id, held.get(id)?.statistics ? STALE_MS : ABSENCE_MS))
    const stale = knowledgeBaseIds.filter(id => !needed.includes(id) && olderThan(id, FRESH_MS))
    if (stale.length > 0) this.#refresh(scope, stale)
    const loaded = needed.length > 0 ? await this.#loadOrKeep(scope, needed, held) : held
    return knowledgeBaseIds
      .map(id => (loaded.get(id) ?? held.get(id))?.statistics)
      .filter(statistics => statistics !== null && statistics !== undefined)
  }

  async #loadOrKeep(scope: TenantScope, ids: readonly string[], held: ReadonlyMap<string, Entry | undefined>) {
    try {
      return await this.#loadInto(scope, ids)
    } catch (error) {
      if (!ids.every(id => held.get(id))) throw error
      this.#onRefreshError(error)
      return held
    }
  }

  #refresh(scope: TenantScope, ids: readonly string[]): void {
    const due = ids.filter(id => !this.#refreshing.has(id))
    if (due.length === 0) return
    due.forEach(id => this.#refreshing.add(id))
    this.#loadInto(scope, due)
      .catch(this.#onRefreshError)
      .finally(() => due.forEach(id => this.#refreshing.delete(id)))
  }

  async #loadInto(scope: TenantScope, ids: readonly string[]): Promise<Map<string, Entry>> {
    const rows = new Map((await this.#load(scope, ids)).map(row => [row.kb_id, row]))
    const loadedAt = this.#now().getTime()
    const entries = new Map(
      ids.map(id => {
        const row = rows.get(id)
        // A row without chunks is there before the first document is; it says nothing about terms.
        return [id, { statistics: row && row.chunk_count > 0 ? new LexicalStatistics(row) : null, loadedAt }]
      }),
    )
    for (const [id, entry] of entries) this.#entries.set(entryKey(scope, id), entry)
    return entries
  }
}

// The tenant is part of the key: whoever asks with another tenant's id must not be answered from memory.
function entryKey(scope: TenantScope, knowledgeBaseId: string): string {
  return `${scope.tenantId}/${knowledgeBaseId}`
}
