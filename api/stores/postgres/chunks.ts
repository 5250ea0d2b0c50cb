import { type FoundSlice, type Keyset, type Slice, readSlice } from './keyset.ts'
import type { ChunkRow } from './rows.ts'
import { dropSummariesOf } from './summaries.ts'
import type { TenantTransaction } from './tenant-scope.ts'

type Tenant = Pick<TenantTransaction, 'sql'>

function table({ sql }: Tenant) {
  return sql<ChunkRow>('chunks')
}

/** In the order of the text. */
export const chunkOrder: Keyset = { list: 'chunks', columns: { position: 'integer' }, direction: 'asc' }

export async function pageChunks(tenant: Tenant, documentId: string, slice: Slice): Promise<FoundSlice<ChunkRow>> {
  return readSlice<ChunkRow>(tenant.sql, () => table(tenant).where({ document_id: documentId }), chunkOrder, slice)
}

/**
 * The drafts of a document become its chunks, in place of those it had.
 * @param replace false when it had none
 */
export async function publishDrafts(tenant: Tenant, documentId: string, replace: boolean): Promise<void> {
  const { sql } = tenant
  if (replace) {
    await dropSummariesOf(tenant, documentId)
    await sql('chunks').where({ document_id: documentId }).delete()
  }
  const columns =
    'id, document_id, kb_id, position, text, start_offset, end_offset, metadata, terms, frequencies, length, context'
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

export interface ChunkPlaceRow {
  id: string
  document_id: string
  start_offset: number
  end_offset: number
  parent: { start: number; end: number } | null
  around_start: number
  around_end: number
  around_ids: string[]
}

/** Where chunks stand, and the span of up to `reach` chunks before and after each; those of the scope's knowledge bases. */
export async function placesOfChunks(
  { sql, scope }: Pick<TenantTransaction, 'sql' | 'scope'>,
  ids: readonly string[],
  reach: number,
): Promise<ChunkPlaceRow[]> {
  const allowed = scope.knowledgeBaseIds === 'all' ? null : [...scope.knowledgeBaseIds]
  const { rows } = await sql.raw<{ rows: ChunkPlaceRow[] }>(
    `SELECT c.id, c.document_id, c.start_offset, c.end_offset, c.metadata -> 'parent' AS parent,
            around.start AS around_start, around.stop AS around_end, around.ids AS around_ids
       FROM chunks c, LATERAL (
              SELECT min(n.start_offset) AS start, max(n.end_offset) AS stop, array_agg(n.id ORDER BY n.position) AS ids
                FROM chunks n WHERE n.document_id = c.document_id AND n.position BETWEEN c.position - ? AND c.position + ?
            ) AS around
      WHERE c.id = ANY(?::uuid[]) AND (?::uuid[] IS NULL OR c.kb_id = ANY(?::uuid[]))`,
    [reach, reach, [...ids], allowed, allowed],
  )
  return rows
}

export interface ChunkInDocument {
  readonly id: string
  readonly text: string
  readonly headings: readonly string[]
  readonly context: string | null
  /** The document's. */
  readonly title: string
}

/** At most `count` chunks of a knowledge base; which ones is settled by their ids, so the same as long as those stay. */
export async function sampleChunks(
  { sql }: Tenant,
  knowledgeBaseId: string,
  count: number,
): Promise<ChunkInDocument[]> {
  const { rows } = await sql.raw<{ rows: ChunkInDocument[] }>(
    `SELECT c.id, c.text, c.context, d.title, coalesce(c.metadata -> 'headings', '[]') AS headings
       FROM (SELECT * FROM chunks WHERE kb_id = ? ORDER BY md5(id::text), id LIMIT ?) AS c
       JOIN documents d ON d.id = c.document_id`,
    [knowledgeBaseId, count],
  )
  return rows
}
