import type { Knex } from 'knex'
import { type JobQueue } from '../ingestion/queue.ts'
import { reprocessDocument } from '../services/documents/reprocess.ts'
import { CONTROL_SCHEMA } from '../contract/names.ts'
import { eachTenant, type TenantFailure } from '../stores/postgres/each-tenant.ts'
import type { DocumentRow, JobRow, TenantRow } from '../stores/postgres/rows.ts'
import { inTenant, TenantScope } from '../stores/postgres/tenant-scope.ts'
import { findTenant } from '../stores/postgres/tenants.ts'
import type { VectorStore } from '../stores/vectors/vector-store.ts'

export interface Reconciled {
  readonly documents: number
  /** Documents whose points are not all there. */
  readonly incomplete: number
  /** Documents that only the vector store knows. */
  readonly orphans: number
  /** Jobs that had not ended. */
  readonly jobs: number
  /** Tenants that could not be compared; the others were. */
  readonly failures: readonly TenantFailure[]
}

export interface ReconcileOptions {
  readonly database: Knex
  readonly vectors: VectorStore
  /** Null: only counts what is amiss. */
  readonly queue: JobQueue | null
  /** Jobs that have not ended: those of a database that was just restored are in no queue; others are at work. */
  readonly unfinished?: 'requeue' | 'leave'
}

/**
 * Compares rows and points of every tenant. With a queue, documents whose points are missing are indexed again from their
 * source, points without a document are deleted, and unfinished jobs are queued: whatever changed between the two parts of
 * a backup comes right.
 */
export async function reconcileVectors({
  database,
  vectors,
  queue,
  unfinished = 'requeue',
}: ReconcileOptions): Promise<Reconciled> {
  const total = { documents: 0, incomplete: 0, orphans: 0, jobs: 0 }
  await queue?.start()
  const failures = await eachTenant(database, async row => {
    const { tenant, ...found } = await compareInPlace(database, vectors, row)
    total.documents += found.documents
    total.incomplete += found.incomplete.length
    total.orphans += found.orphans.length
    if (queue) await repairTenant({ database, vectors, queue }, tenant, found)
  })
  const jobs = await unfinishedJobs(database)
  if (queue && unfinished === 'requeue') await requeue(database, queue, jobs)
  return { ...total, jobs: jobs.length, failures }
}

interface Comparison {
  readonly documents: number
  readonly incomplete: readonly string[]
  readonly orphans: readonly string[]
}

/**
 * Where the tenant is when that is known to have been so all the while: one that changes its place in between seems to have
 * lost everything.
 */
async function compareInPlace(
  database: Knex,
  vectors: VectorStore,
  row: TenantRow,
): Promise<Comparison & { tenant: TenantRow }> {
  for (let tenant = row; ;) {
    const found = await compareTenant(database, vectors, tenant)
    const now = await findTenant(database, tenant.id)
    if (!now || now.collection === tenant.collection) return { tenant, ...found }
    tenant = now
  }
}

async function compareTenant(database: Knex, vectors: VectorStore, tenant: TenantRow): Promise<Comparison> {
  const scope = new TenantScope(tenant)
  const documents = await inTenant(database, scope, ({ sql }) =>
    sql<DocumentRow>('documents').select('id', 'status', 'chunk_count'),
  )
  const points = await vectors.countByDocument(scope.vectors())
  const known = new Set(documents.map(({ id }) => id))
  const suspects = [...points.keys()].filter(id => !known.has(id))
  // Made, and indexed, since the rows were read. A row comes before its points, so what has none now is gone for good.
  const late = await inTenant(database, scope, ({ sql }) => sql<DocumentRow>('documents').whereIn('id', suspects).pluck('id')) // prettier-ignore
  return {
    documents: documents.length,
    incomplete: documents.filter(row => row.status === 'ready' && (points.get(row.id) ?? 0) !== row.chunk_count).map(({ id }) => id), // prettier-ignore
    orphans: suspects.filter(id => !late.includes(id)),
  }
}

async function repairTenant(
  { database, vectors, queue }: { database: Knex; vectors: VectorStore; queue: JobQueue },
  tenant: TenantRow,
  { incomplete, orphans }: Comparison,
): Promise<void> {
  const scope = new TenantScope(tenant)
  for (const id of incomplete) await inTenant(database, scope, inside => reprocessDocument(inside, queue, id))
  for (const documentId of orphans) await vectors.delete(scope.vectors(), { documentId })
}

/** Those that were restored; the ones of documents just found incomplete are queued already. */
async function unfinishedJobs(database: Knex): Promise<JobRow[]> {
  return database<JobRow>('jobs').withSchema(CONTROL_SCHEMA).whereIn('status', ['queued', 'running']).orderBy('created_at') // prettier-ignore
}

async function requeue(database: Knex, queue: JobQueue, jobs: readonly JobRow[]): Promise<void> {
  if (jobs.length === 0) return
  for (const [tenantId, own] of Map.groupBy(jobs, ({ tenant_id }) => tenant_id))
    await database.transaction(
      sql =>
      queue.add(sql, tenantId, own.map(({ id, kind, document_id, kb_id }) => ({ id, kind, key: document_id ?? kb_id }))), // prettier-ignore
    )
}
