import type { SummaryRow } from './rows.ts'
import type { TenantTransaction } from './tenant-scope.ts'

type Tenant = Pick<TenantTransaction, 'sql'>

function table({ sql }: Tenant) {
  return sql<SummaryRow>('summaries')
}

export type TreeSummary = Pick<SummaryRow, 'id' | 'kb_id' | 'level' | 'chunk_ids' | 'embedding' | 'embedded_by'>

/** The trees of knowledge bases, whichever model embedded them. */
export async function readTrees(tenant: Tenant, knowledgeBaseIds: readonly string[]): Promise<TreeSummary[]> {
  return table(tenant)
    .whereIn('kb_id', [...knowledgeBaseIds])
    .where({ live: true })
    .select('id', 'kb_id', 'level', 'chunk_ids', 'embedding', 'embedded_by')
}

export type NewSummary = Omit<SummaryRow, 'id' | 'live' | 'created_at'>

/** Those that were made of these sources before, for this tree or another one. */
export async function knownSummaries(
  tenant: Tenant,
  knowledgeBaseId: string,
  fingerprint: string,
  sources: readonly string[],
): Promise<NewSummary[]> {
  return table(tenant)
    .where({ kb_id: knowledgeBaseId, embedded_by: fingerprint })
    .whereIn('source', [...sources])
    .select('kb_id', 'level', 'source', 'text', 'chunk_ids', 'embedding', 'embedded_by')
}

/** Not live yet. Whoever made the same meanwhile was as good. */
export async function insertSummaries(tenant: Tenant, summaries: readonly NewSummary[]): Promise<void> {
  if (summaries.length > 0) await table(tenant).insert([...summaries]).onConflict(['kb_id', 'source', 'embedded_by']).ignore() // prettier-ignore
}

/** These are the knowledge base's tree from now on, and there is no other summary of it. */
export async function publishTree(
  tenant: Tenant,
  knowledgeBaseId: string,
  fingerprint: string,
  sources: readonly string[],
): Promise<void> {
  await tenant.sql.raw('DELETE FROM summaries WHERE kb_id = ? AND NOT (embedded_by = ? AND source = ANY(?::text[]))', [
    knowledgeBaseId,
    fingerprint,
    [...sources],
  ])
  await table(tenant).where({ kb_id: knowledgeBaseId }).update({ live: true })
}

/** Whatever was made of a document's chunks, at every level: nothing tells of text that is gone. Before the chunks go. */
export async function dropSummariesOf({ sql }: Tenant, documentId: string): Promise<void> {
  await sql.raw(
    "DELETE FROM summaries WHERE chunk_ids && (SELECT coalesce(array_agg(id), '{}') FROM chunks WHERE document_id = ?)",
    [documentId],
  )
}

/** Whatever was made of chunks that went while it was being made, of documents that were deleted or replaced. */
export async function dropStraySummaries({ sql }: Tenant, knowledgeBaseId: string): Promise<void> {
  await sql.raw(
    `DELETE FROM summaries WHERE kb_id = ? AND EXISTS (
       SELECT FROM unnest(chunk_ids) AS told (id) WHERE NOT EXISTS (SELECT FROM chunks WHERE chunks.id = told.id))`,
    [knowledgeBaseId],
  )
}

/** How many chunks a knowledge base has, and how many of them its tree speaks of. */
export async function treeCoverage(
  { sql }: Tenant,
  knowledgeBaseId: string,
  fingerprint: string,
): Promise<{ chunks: number; covered: number }> {
  const { rows } = await sql.raw<{ rows: { chunks: string; covered: string }[] }>(
    `SELECT (SELECT count(*) FROM chunks WHERE kb_id = :kb) AS chunks,
            (SELECT count(*) FROM chunks WHERE kb_id = :kb AND id IN (
               SELECT unnest(chunk_ids) FROM summaries WHERE kb_id = :kb AND level = 1 AND live AND embedded_by = :fingerprint)) AS covered`,
    { kb: knowledgeBaseId, fingerprint },
  )
  return { chunks: Number(rows[0]?.chunks), covered: Number(rows[0]?.covered) }
}
