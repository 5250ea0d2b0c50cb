import type { ChunkRow } from './rows.ts'
import type { TenantTransaction } from './tenant-scope.ts'

type Tenant = Pick<TenantTransaction, 'sql'>

function table({ sql }: Tenant) {
  return sql<ChunkRow>('chunks')
}

/** In the order of the text. */
export async function pageChunks(
  tenant: Tenant,
  documentId: string,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ rows: ChunkRow[]; total: number }> {
  const rows = await table(tenant)
    .where({ document_id: documentId })
    .orderBy('position')
    .limit(page.limit)
    .offset(page.offset)
  const [counted] = await table(tenant).where({ document_id: documentId }).count<{ count: string }[]>('* as count')
  return { rows, total: Number(counted?.count ?? 0) }
}

/**
 * The drafts of a document become its chunks, in place of those it had.
 * @param replace false when it had none
 */
export async function publishDrafts({ sql }: Tenant, documentId: string, replace: boolean): Promise<void> {
  if (replace) await sql('chunks').where({ document_id: documentId }).delete()
  const columns =
    'id, document_id, kb_id, position, text, start_offset, end_offset, metadata, terms, frequencies, length'
  await sql.raw(
    `WITH published AS (DELETE FROM chunk_drafts WHERE document_id = ? RETURNING ${columns})
     INSERT INTO chunks (${columns}) SELECT ${columns} FROM published`,
    [documentId],
  )
}

export type ChunkTerms = Pick<ChunkRow, 'id' | 'terms' | 'frequencies' | 'length'>

/** Terms of a knowledge base's chunks, by id: at most `limit` after `afterId`. */
export async function pageChunkTerms(
  tenant: Tenant,
  knowledgeBaseId: string,
  afterId: string | null,
  limit: number,
): Promise<ChunkTerms[]> {
  const query = table(tenant).where({ kb_id: knowledgeBaseId }).orderBy('id').limit(limit)
  if (afterId !== null) void query.where('id', '>', afterId)
  return query.select('id', 'terms', 'frequencies', 'length')
}
