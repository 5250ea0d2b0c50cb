import type { Knex } from 'knex'
import { decodeEmbedding } from '../../stores/postgres/embedding-bytes.ts'
import { readTrees } from '../../stores/postgres/summaries.ts'
import { inTenant } from '../../stores/postgres/tenant-scope.ts'
import { RefreshingCache, type RefreshingCacheParts } from '../refreshing-cache.ts'
import type { SummaryTreeSource, TreeSummary } from './summary-tree-source.ts'

const CACHE_BYTES = 64 * 1024 * 1024
const BYTES_A_CHUNK_ID = 100

/** Summaries of one knowledge base, of every model that embedded some; old ones are there until a new tree is. */
type Tree = readonly (TreeSummary & { readonly embeddedBy: string })[]

/**
 * From the tenant's own tables, as its own role, and remembered. A tree that is old leads to chunks that are there, or to none;
 * text is read from the vector store alone.
 */
export function storedSummaryTrees(
  database: Knex,
  { now, onRefreshError }: Pick<RefreshingCacheParts<Tree>, 'now' | 'onRefreshError'>,
): SummaryTreeSource {
  const cache = new RefreshingCache<Tree>({
    async load(scope, ids) {
      const rows = await inTenant(database, scope, tenant => readTrees(tenant, ids))
      return Map.groupBy(rows.map(fromRow), ({ knowledgeBaseId }) => knowledgeBaseId)
    },
    bytesOf: tree => tree.reduce((sum, one) => sum + one.embedding.byteLength + one.chunkIds.size * BYTES_A_CHUNK_ID, 0), // prettier-ignore
    bytes: CACHE_BYTES,
    now,
    onRefreshError,
  })
  return {
    async of(scope, knowledgeBaseIds, fingerprint) {
      const allowed = knowledgeBaseIds.filter(id => scope.allows(id))
      return (await cache.of(scope, allowed)).flat().filter(({ embeddedBy }) => embeddedBy === fingerprint)
    },
  }
}

function fromRow(row: Awaited<ReturnType<typeof readTrees>>[number]): Tree[number] {
  const { id, kb_id: knowledgeBaseId, level, embedded_by: embeddedBy } = row
  const embedding = decodeEmbedding(row.embedding)
  return { id, knowledgeBaseId, level, chunkIds: new Set(row.chunk_ids), embedding, embeddedBy }
}
