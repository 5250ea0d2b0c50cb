import { type FoundSlice, type Keyset, type Slice, readSlice } from './keyset.ts'
import type { DocumentRow, DocumentStatus } from './rows.ts'
import { dropSummariesOf } from './summaries.ts'
import type { TenantTransaction } from './tenant-scope.ts'

type Tenant = Pick<TenantTransaction, 'sql'>

function table({ sql }: Tenant) {
  return sql<DocumentRow>('documents')
}

/** Whatever its state; null when there is none. */
export async function findDocument(tenant: Tenant, id: string): Promise<DocumentRow | null> {
  return (await table(tenant).where({ id }).first()) ?? null
}

/** Neither it nor its knowledge base is being deleted; null otherwise. */
export async function findVisibleDocument(
  { sql }: Tenant,
  id: string,
  lock: 'lock' | 'read',
): Promise<DocumentRow | null> {
  const query = sql<DocumentRow>('documents')
    .join('knowledge_bases', 'knowledge_bases.id', 'documents.kb_id')
    .where('documents.id', id)
    .whereNot('documents.status', 'deleting')
    .whereNull('knowledge_bases.deleted_at')
    .select('documents.*')
  if (lock === 'lock') void query.forUpdate('documents')
  return (await query.first<DocumentRow | undefined>()) ?? null
}

/** A document under work, with what its knowledge base says about the work. */
export interface DocumentAtWork extends DocumentRow {
  readonly kb_chunking: Record<string, unknown>
  readonly kb_settings: Record<string, unknown>
  readonly kb_deleted_at: Date | null
}

/** Whatever its state, locked until the transaction ends; null when it is gone. */
export async function lockDocumentAtWork({ sql }: Tenant, id: string): Promise<DocumentAtWork | null> {
  const row = await sql<DocumentRow>('documents')
    .join('knowledge_bases', 'knowledge_bases.id', 'documents.kb_id')
    .where('documents.id', id)
    .select(
      'documents.*',
      'knowledge_bases.chunking as kb_chunking',
      'knowledge_bases.settings as kb_settings',
      'knowledge_bases.deleted_at as kb_deleted_at',
    )
    .forUpdate('documents')
    .first<DocumentAtWork | undefined>()
  return row ?? null
}

/** Those with one of the hashes or external ids, locked in a fixed order so that two batches cannot lock each other out. */
export async function lockMatchingDocuments(
  tenant: Tenant,
  knowledgeBaseId: string,
  hashes: readonly string[],
  externalIds: readonly string[],
): Promise<DocumentRow[]> {
  return table(tenant)
    .where({ kb_id: knowledgeBaseId })
    .where(either => void either.whereIn('content_hash', [...hashes]).orWhereIn('external_id', [...externalIds]))
    .orderBy('id')
    .forUpdate()
}

export type NewDocument = Pick<
  DocumentRow,
  'id' | 'kb_id' | 'external_id' | 'title' | 'content_hash' | 'media_type' | 'filename' | 'job_id'
> & { readonly metadata: object; readonly size_bytes: number }

/** @throws the database's unique violation when the content or the external id is there already */
export async function insertDocument(tenant: Tenant, document: NewDocument): Promise<void> {
  await table(tenant).insert(document as unknown as DocumentRow)
}

export type DocumentChanges = Partial<
  Omit<DocumentRow, 'id' | 'kb_id' | 'metadata' | 'size_bytes' | 'created_at' | 'updated_at'>
> & { readonly metadata?: object; readonly size_bytes?: number }

/** Also says that it was changed now. */
export async function updateDocument(tenant: Tenant, id: string, changes: DocumentChanges): Promise<void> {
  await table(tenant)
    .where({ id })
    .update({ ...(changes as unknown as Partial<DocumentRow>), updated_at: tenant.sql.fn.now() as never })
}

/** With its source, chunks, drafts, and the summaries that speak of it. */
export async function deleteDocument(tenant: Tenant, id: string): Promise<void> {
  await dropSummariesOf(tenant, id)
  await table(tenant).where({ id }).delete()
}

/** Oldest first. */
export const documentOrder: Keyset = { list: 'documents', columns: { created_at: 'time', id: 'uuid' }, direction: 'asc' } // prettier-ignore

/** What a list is narrowed to. */
export interface DocumentFilter {
  readonly status?: DocumentStatus
  readonly external_id?: string
}

/** Without those that are being deleted. */
export async function pageDocuments(
  tenant: Tenant,
  knowledgeBaseId: string,
  slice: Slice,
  filter: DocumentFilter,
): Promise<FoundSlice<DocumentRow>> {
  const visible = () =>
    table(tenant)
      .where({ ...filter, kb_id: knowledgeBaseId })
      .whereNot({ status: 'deleting' })
  return readSlice<DocumentRow>(tenant.sql, visible, documentOrder, slice)
}

/** Marks every document of a knowledge base that goes. */
export async function markAllDeleting(tenant: Tenant, knowledgeBaseId: string): Promise<void> {
  await table(tenant).where({ kb_id: knowledgeBaseId }).whereNot({ status: 'deleting' }).update({ status: 'deleting' })
}

/** Those that can be found, by their own account. */
export async function countIndexedDocuments({ sql }: Tenant): Promise<number> {
  const counted = await sql('documents').where({ status: 'ready' }).where('chunk_count', '>', 0).count<{ count: string }[]>('*') // prettier-ignore
  return Number(counted[0]?.count ?? 0)
}

/** How many documents that can be found were cut otherwise than their knowledge base wants it, by knowledge base that has such. */
export async function countCutOtherwise(
  { sql }: Tenant,
  wanted: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql.raw<{ rows: { kb_id: string; count: string }[] }>(
    `SELECT documents.kb_id, count(*) FROM unnest(?::uuid[], ?::text[]) AS wanted (kb_id, fingerprint)
       JOIN documents ON documents.kb_id = wanted.kb_id
      WHERE documents.status = 'ready' AND documents.chunking_fingerprint IS DISTINCT FROM wanted.fingerprint
      GROUP BY documents.kb_id`,
    [[...wanted.keys()], [...wanted.values()]],
  )
  return new Map(rows.map(({ kb_id, count }) => [kb_id, Number(count)]))
}

export interface MetadataFieldRow {
  name: string
  types: string[]
  /** As JSON; short ones. */
  examples: string[]
}

/** Many documents have the same fields, so that the newest tell them. */
const SAMPLED_DOCUMENTS = 1000
const MOST_FIELDS = 50

/** The fields of the documents' own metadata in these knowledge bases, the most frequent first. */
export async function documentMetadataFields(
  { sql }: Tenant,
  knowledgeBaseIds: readonly string[],
): Promise<MetadataFieldRow[]> {
  const { rows } = await sql.raw<{ rows: MetadataFieldRow[] }>(
    `SELECT key AS name, array_agg(DISTINCT jsonb_typeof(value)) AS types,
            (array_agg(DISTINCT left(value::text, 60)))[1:5] AS examples
       FROM (SELECT metadata FROM documents WHERE kb_id = ANY(?::uuid[]) AND status = 'ready' AND metadata <> '{}'
              ORDER BY created_at DESC LIMIT ?) AS sampled, jsonb_each(sampled.metadata)
      GROUP BY key ORDER BY count(*) DESC, key LIMIT ?`,
    [[...knowledgeBaseIds], SAMPLED_DOCUMENTS, MOST_FIELDS],
  )
  return rows
}
