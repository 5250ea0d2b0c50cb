import type { LexicalStatisticsRow } from './rows.ts'
import type { TenantTransaction } from './tenant-scope.ts'

type Tenant = Pick<TenantTransaction, 'sql'>

/** What the points of a knowledge base stand for: another version or weight, and they may be others. */
export interface ContentsOf {
  /** Rises with every change that a search could see. */
  readonly version: string
  /** The average length that its sparse vectors are weighted with; null while there is none, or while it is being changed. */
  readonly weight: number | null
}

export type Contents = Readonly<Record<string, ContentsOf>>

/**
 * Of all knowledge bases, those that are being deleted included.
 * @param lock nobody changes any of them until the transaction ends
 */
export async function readContents({ sql }: Tenant, lock: 'lock' | 'read'): Promise<Contents> {
  const knowledgeBases = sql<{ id: string; version: string }>('knowledge_bases').orderBy('id').select('id', 'version')
  // In a fixed order, so that two cannot wait for each other.
  const rows = await (lock === 'lock' ? knowledgeBases.forNoKeyUpdate() : knowledgeBases)
  const weights = await sql<LexicalStatisticsRow>('lexical_statistics').where({ reweighing: false }).select('kb_id', 'weighted_with') // prettier-ignore
  const weightOf = new Map(weights.map(({ kb_id, weighted_with }) => [kb_id, weighted_with]))
  return Object.fromEntries(rows.map(({ id, version }) => [id, { version, weight: weightOf.get(id) ?? null }]))
}

/** All documents of the knowledge bases, and of others those that were changed since then. */
export async function documentsToCompare(
  { sql }: Tenant,
  whole: readonly string[],
  changedSince: Date,
): Promise<string[]> {
  const rows = await sql<{ id: string; kb_id: string; updated_at: Date }>('documents')
    .whereIn('kb_id', [...whole])
    .orWhere('updated_at', '>=', changedSince)
    .select('id')
  return rows.map(({ id }) => id)
}
