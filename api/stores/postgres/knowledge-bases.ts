import { type FoundSlice, type Keyset, type Slice, readSlice } from './keyset.ts'
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
  /** Absent: none. */
  readonly settings?: object
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

/** Changes what is given of the knowledge base of that name, and its settings to what is made of those that are stored. */
export async function updateKnowledgeBase(
  tenant: Tenant,
  name: string,
  changes: Partial<NewKnowledgeBase>,
  settingsOf: (stored: KnowledgeBaseRow['settings']) => object,
): Promise<void> {
  const row = await table(tenant).where({ name }).forUpdate().first('id', 'settings')
  if (row) await changeKnowledgeBase(tenant, row.id, { ...changes, settings: settingsOf(row.settings) })
}

/** Settings decide what a search gives, so a change of them raises the version too. */
function changed({ sql }: Tenant) {
  return { updated_at: sql.fn.now() as never, version: sql.raw('version + 1') as never }
}

/** Hands what the tenant's resource declared over to HTTP; data and settings stay. */
export async function releaseKnowledgeBases(tenant: Tenant, names: readonly string[] | 'all'): Promise<void> {
  const declared = table(tenant).where({ managed_by: 'resource' })
  const chosen = names === 'all' ? declared : declared.whereIn('name', [...names])
  await chosen.update({ managed_by: 'api', updated_at: tenant.sql.fn.now() as never })
}

/** Those that the scope allows and that are not being deleted. */
function visible(tenant: TenantTransaction) {
  const { knowledgeBaseIds: ids } = tenant.scope
  const rows = table(tenant).whereNull('deleted_at')
  return ids === 'all' ? rows : rows.whereIn('id', [...ids])
}

/** Ordered by name. */
export const knowledgeBaseOrder: Keyset = { list: 'knowledge-bases', columns: { name: 'text' }, direction: 'asc' }

export async function listKnowledgeBases(
  tenant: TenantTransaction,
  slice: Slice,
): Promise<FoundSlice<KnowledgeBaseRow>> {
  return readSlice<KnowledgeBaseRow>(tenant.sql, () => visible(tenant), knowledgeBaseOrder, slice)
}

/** Null when it does not exist, is being deleted, or is outside the scope. */
export async function findKnowledgeBase(tenant: TenantTransaction, id: string): Promise<KnowledgeBaseRow | null> {
  return (await visible(tenant).where({ id }).first()) ?? null
}

/** The same, and nobody else changes it until the transaction ends. */
export async function lockKnowledgeBase(tenant: TenantTransaction, id: string): Promise<KnowledgeBaseRow | null> {
  return (await visible(tenant).where({ id }).forUpdate().first()) ?? null
}

/** Its own retrieval settings; none when it is gone. */
export async function readRetrieval({ sql }: Tenant, id: string): Promise<Record<string, unknown>> {
  return (await sql<KnowledgeBaseRow>('knowledge_bases').where({ id }).first('retrieval'))?.retrieval ?? {}
}

export async function countKnowledgeBases(tenant: Tenant): Promise<number> {
  const counted = await table(tenant).whereNull('deleted_at').count<{ count: string }[]>('*')
  return Number(counted[0]?.count ?? 0)
}

/** @throws the database's unique violation when another one has the new name */
export async function changeKnowledgeBase(
  tenant: Tenant,
  id: string,
  changes: Partial<NewKnowledgeBase>,
): Promise<KnowledgeBaseRow> {
  const [row] = await table(tenant)
    .where({ id })
    .update({ ...(changes as Partial<KnowledgeBaseRow>), ...changed(tenant) })
    .returning('*')
  if (!row) throw new Error(`knowledge base ${id} was gone although it was locked`)
  return row
}

/** From now on it is invisible, and its name is free again; its rows and vectors are deleted by a job. */
export async function hideKnowledgeBase(tenant: Tenant, id: string): Promise<void> {
  const { sql } = tenant
  // No name over HTTP or in a resource has a control character, so nobody's is taken.
  const name = sql.raw("chr(127) || 'deleted:' || id") as never
  await table(tenant)
    .where({ id })
    .update({ name, deleted_at: sql.fn.now() as never, updated_at: sql.fn.now() as never })
}

/** The knowledge base, kept from being dropped until the transaction ends; null when there is none or it is being deleted. */
export async function holdKnowledgeBase({ sql }: Tenant, id: string): Promise<KnowledgeBaseRow | null> {
  const row = await sql<KnowledgeBaseRow>('knowledge_bases').where({ id, deleted_at: null }).forKeyShare().first()
  return row ?? null
}

/**
 * Says that what a search could find has changed. Locks the row to the transaction's end: what comes after this happens
 * once at a time in each knowledge base, so do it last.
 */
export async function bumpKnowledgeBase({ sql }: Tenant, id: string): Promise<void> {
  await sql('knowledge_bases').where({ id }).increment('version', 1)
}

/** Of those that the scope allows and that are not being deleted, by id; in the order of their ids. */
export async function knowledgeBaseVersions(tenant: TenantTransaction): Promise<ReadonlyMap<string, string>> {
  const rows = await visible(tenant).select('id', 'version').orderBy('id')
  return new Map(rows.map(({ id, version }) => [id, String(version)]))
}

/** The same lock, when nothing has changed; false when there is no such knowledge base. */
export async function lockKnowledgeBaseContents({ sql }: Tenant, id: string): Promise<boolean> {
  const row = await sql<KnowledgeBaseRow>('knowledge_bases').where({ id }).forNoKeyUpdate().first('id')
  return row !== undefined
}

/** With its documents and all that hangs on them. */
export async function dropKnowledgeBase({ sql }: Tenant, id: string): Promise<void> {
  await sql('knowledge_bases').where({ id }).delete()
}
