import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import { LexicalStatistics, type StatisticsColumns } from './lexical-statistics.ts'
import { RefreshingCache } from './refreshing-cache.ts'

/** What a load gives for one knowledge base: its row of `lexical_statistics`. */
export interface StatisticsRow extends StatisticsColumns {
  readonly kb_id: string
}

/** Rows of those of the knowledge bases that have one yet, in any order. */
export type LoadStatistics = (scope: TenantScope, knowledgeBaseIds: readonly string[]) => Promise<StatisticsRow[]>

const CACHE_BYTES = 256 * 1024 * 1024

/** Term statistics of knowledge bases: BM25 asks for them with every query. */
export class LexicalStatisticsCache extends RefreshingCache<LexicalStatistics> {
  /** @param onRefreshError told when a reload in the background failed; the old statistics stay in use */
  constructor(load: LoadStatistics, now: () => Date, onRefreshError: (error: unknown) => void) {
    super({
      async load(scope, ids) {
        // A row without chunks is there before the first document is; it says nothing about terms.
        const rows = (await load(scope, ids)).filter(row => row.chunk_count > 0)
        return new Map(rows.map(row => [row.kb_id, new LexicalStatistics(row)]))
      },
      bytesOf: ({ bytes }) => bytes,
      bytes: CACHE_BYTES,
      now,
      onRefreshError,
    })
  }
}
