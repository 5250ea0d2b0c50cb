import type { ChunkDraftRow } from './rows.ts'
import type { TenantTransaction } from './tenant-scope.ts'

type Tenant = Pick<TenantTransaction, 'sql'>

export type NewChunkDraft = Omit<ChunkDraftRow, 'embedding' | 'embedded_by' | 'context'>

function table({ sql }: Tenant) {
  return sql<ChunkDraftRow>('chunk_drafts')
}

export async function deleteDrafts(tenant: Tenant, documentId: string): Promise<void> {
  await table(tenant).where({ document_id: documentId }).delete()
}

const ROWS_A_STATEMENT = 200

export async function insertDrafts(tenant: Tenant, drafts: readonly NewChunkDraft[]): Promise<void> {
  for (let at = 0; at < drafts.length; at += ROWS_A_STATEMENT)
    await table(tenant).insert(drafts.slice(at, at + ROWS_A_STATEMENT))
}

/** At most `limit` by position, from `from` on. */
export async function readDrafts(
  tenant: Tenant,
  documentId: string,
  from: number,
  limit: number,
): Promise<ChunkDraftRow[]> {
  return table(tenant).where({ document_id: documentId }).where('position', '>=', from).orderBy('position').limit(limit)
}

/** Those that the model of that fingerprint has not embedded yet. */
export async function readUnembedded(
  tenant: Tenant,
  documentId: string,
  fingerprint: string,
  limit: number,
): Promise<ChunkDraftRow[]> {
  return table(tenant)
    .where({ document_id: documentId })
    .whereRaw('embedded_by IS DISTINCT FROM ?', [fingerprint])
    .orderBy('position')
    .limit(limit)
}

/** Those that enrichers have said nothing of yet. */
export async function readUnenriched(tenant: Tenant, documentId: string, limit: number): Promise<ChunkDraftRow[]> {
  return table(tenant).where({ document_id: documentId }).whereNull('context').orderBy('position').limit(limit)
}

export type DraftContext = Pick<ChunkDraftRow, 'id' | 'terms' | 'frequencies' | 'length'> & { readonly context: string }

/** What is read before some chunks, and the terms that they have with it. What was embedded without it is to be embedded again. */
export async function writeContexts({ sql }: Tenant, contexts: readonly DraftContext[]): Promise<void> {
  await sql.raw(
    `UPDATE chunk_drafts
        SET context = page.context, terms = page.terms, frequencies = page.frequencies, length = page.length, embedded_by = NULL
       FROM jsonb_to_recordset(?::jsonb) AS page (id uuid, context text, terms integer[], frequencies integer[], length integer)
      WHERE chunk_drafts.id = page.id`,
    [JSON.stringify(contexts)],
  )
}

export interface DraftSummary {
  readonly count: number
  readonly embedded: number
  /** Number of terms of all drafts together. */
  readonly terms: number
}

/** @param fingerprint whose embeddings are counted; null counts none */
export async function summarizeDrafts(
  tenant: Tenant,
  documentId: string,
  fingerprint: string | null,
): Promise<DraftSummary> {
  const { rows } = await tenant.sql.raw<{ rows: Record<keyof DraftSummary, string>[] }>(
    `SELECT count(*) AS count, count(*) FILTER (WHERE embedded_by = ?) AS embedded, coalesce(sum(length), 0) AS terms
       FROM chunk_drafts WHERE document_id = ?`,
    [fingerprint, documentId],
  )
  const row = rows[0]
  return { count: Number(row?.count), embedded: Number(row?.embedded), terms: Number(row?.terms) }
}

/** One statement for a page of embeddings. */
export async function writeEmbeddings(
  { sql }: Tenant,
  fingerprint: string,
  embeddings: readonly { readonly id: string; readonly embedding: Buffer }[],
): Promise<void> {
  await sql.raw(
    `UPDATE chunk_drafts SET embedding = page.embedding, embedded_by = ?
       FROM unnest(?::uuid[], ?::bytea[]) AS page (id, embedding) WHERE chunk_drafts.id = page.id`,
    [fingerprint, embeddings.map(({ id }) => id), embeddings.map(({ embedding }) => embedding)],
  )
}
