import type { Knex } from 'knex'
import { LRUCache } from 'lru-cache'
import { decodeEmbedding } from '../../stores/postgres/embedding-bytes.ts'
import { readTrees } from '../../stores/postgres/summaries.ts'
import { inTenant, type TenantScope } from '../../stores/postgres/tenant-scope.ts'
import type { SummaryTreeSource, TreeSummary } from './summary-tree-source.ts'

/** A tree that is so old leads to chunks that are there, or to none; text is read from the vector store alone. */
const TTL_MS = 5000
const CACHE_BYTES = 64 * 1024 * 1024
const BYTES_A_CHUNK_ID = 100

/** From the tenant's own tables, as its own role, and remembered for five seconds. */
export function storedSummaryTrees(database: Knex): SummaryTreeSource {
  const cache = new LRUCache<string, readonly TreeSummary[]>({
    ttl: TTL_MS,
    maxSize: CACHE_BYTES,
    sizeCalculation: tree => 64 + tree.reduce((sum, one) => sum + one.embedding.byteLength + one.chunkIds.size * BYTES_A_CHUNK_ID, 0), // prettier-ignore
  })
  // The tenant is part of the key: whoever asks with another tenant's id must not be answered from memory.
  const keyOf = ({ tenantId }: TenantScope, id: string, fingerprint: string) => `${tenantId}/${id}/${fingerprint}`
  return {
    async of(scope, knowledgeBaseIds, fingerprint) {
      const allowed = knowledgeBaseIds.filter(id => scope.allows(id))
      // Asked once: an entry may end between two questions.
      const held = new Map(allowed.map(id => [id, cache.get(keyOf(scope, id, fingerprint))]))
      const missing = allowed.filter(id => !held.get(id))
      const known = allowed.flatMap(id => held.get(id) ?? [])
      if (missing.length === 0) return known
      const rows = await inTenant(database, scope, tenant => readTrees(tenant, missing, fingerprint))
      const loaded = missing.map(id => rows.filter(row => row.kb_id === id).map(fromRow))
      missing.forEach((id, at) => cache.set(keyOf(scope, id, fingerprint), loaded[at]))
      return [...known, ...loaded.flat()]
    },
  }
}

function fromRow(row: Awaited<ReturnType<typeof readTrees>>[number]): TreeSummary {
  const { id, kb_id: knowledgeBaseId, level } = row
  return { id, knowledgeBaseId, level, chunkIds: new Set(row.chunk_ids), embedding: decodeEmbedding(row.embedding) }
}
