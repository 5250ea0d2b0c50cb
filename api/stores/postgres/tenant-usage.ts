import type { TenantTransaction } from './tenant-scope.ts'

export interface TenantUsage {
  readonly knowledgeBases: number
  readonly documents: number
  readonly chunks: number
  readonly storageBytes: number
}

/** What counts against the quotas: documents and knowledge bases that are being deleted do not. One read. */
export async function tenantUsage({ sql }: Pick<TenantTransaction, 'sql'>): Promise<TenantUsage> {
  const { rows } = await sql.raw<{ rows: Record<keyof TenantUsage, string>[] }>(`
    SELECT (SELECT count(*) FROM knowledge_bases WHERE deleted_at IS NULL) AS "knowledgeBases",
           count(*) AS documents,
           coalesce(sum(chunk_count), 0) AS chunks,
           coalesce(sum(size_bytes), 0) AS "storageBytes"
      FROM documents JOIN knowledge_bases ON knowledge_bases.id = documents.kb_id
     WHERE documents.status <> 'deleting' AND knowledge_bases.deleted_at IS NULL`)
  const row = rows[0]
  return {
    knowledgeBases: Number(row?.knowledgeBases ?? 0),
    documents: Number(row?.documents ?? 0),
    chunks: Number(row?.chunks ?? 0),
    storageBytes: Number(row?.storageBytes ?? 0),
  }
}
