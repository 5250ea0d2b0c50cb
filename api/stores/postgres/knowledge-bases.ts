import type { KnowledgeBaseRow } from './rows.ts'
import type { TenantTransaction } from './tenant-scope.ts'

type Tenant = Pick<TenantTransaction, 'sql'>

function table({ sql }: Tenant) {
  return sql<KnowledgeBaseRow>('knowledge_bases')
}

/** Also those that are being deleted; ordered by name. */
export async function allKnowledgeBases(tenant: Tenant): Promise<KnowledgeBaseRow[]> {
  return table(tenant).orderBy('name')
}

/** By name; names that there are none of are left out, and so are knowledge bases that are being deleted. */
export async function knowledgeBaseIds(tenant: Tenant, names: readonly string[]): Promise<Map<string, string>> {
  const rows = await table(tenant)
    .whereIn('name', [...names])
    .whereNull('deleted_at')
    .select('id', 'name')
  return new Map(rows.map(row => [row.name, row.id]))
}

export type NewKnowledgeBase = Pick<KnowledgeBaseRow, 'name' | 'description' | 'managed_by'> & {
  readonly chunking: object
  readonly retrieval: object
}

/** Gives the new row's id; null when the name is taken (then nothing is written). */
export async function insertKnowledgeBase(tenant: Tenant, row: NewKnowledgeBase): Promise<string | null> {
  const [created] = await table(tenant)
    .insert(row as Partial<KnowledgeBaseRow>)
    .onConflict('name')
    .ignore()
    .returning('id')
  return created?.id ?? null
}

/** Changes what is given of the knowledge base of that name. */
export async function updateKnowledgeBase(
  tenant: Tenant,
  name: string,
  changes: Partial<NewKnowledgeBase>,
): Promise<void> {
  await table(tenant)
    .where({ name })
    .update({ ...(changes as Partial<KnowledgeBaseRow>), updated_at: tenant.sql.fn.now() as never })
}

/** Hands what the tenant's resource declared over to HTTP; data and settings stay. */
export async function releaseKnowledgeBases(tenant: Tenant, names: readonly string[] | 'all'): Promise<void> {
  const declared = table(tenant).where({ managed_by: 'resource' })
  const chosen = names === 'all' ? declared : declared.whereIn('name', [...names])
  await chosen.update({ managed_by: 'api', updated_at: tenant.sql.fn.now() as never })
}
