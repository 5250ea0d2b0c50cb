import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'
import { announcing } from './webhook-deliveries.ts'
import type { JobError, JobKind, JobRow, JobStage, JobStatus } from './rows.ts'

/** Jobs stand in the control schema: `sql` is the API's own role (`TenantTransaction.control`). */
function table(sql: Knex) {
  return sql<JobRow>('jobs').withSchema(CONTROL_SCHEMA)
}

const ended: readonly JobStatus[] = ['succeeded', 'failed', 'cancelled']

export interface NewJob {
  readonly id: string
  readonly tenant_id: string
  readonly kb_id: string
  readonly document_id: string | null
  readonly kind: JobKind
  readonly stages: readonly JobStage[]
}

export async function insertJobs(sql: Knex, jobs: readonly NewJob[]): Promise<void> {
  if (jobs.length === 0) return
  await table(sql).insert(jobs.map(job => ({ ...job, stages: JSON.stringify(job.stages) as never })))
}

/** Of any tenant; null when there is none. Callers of the API get {@link findTenantJob}. */
export async function findJob(sql: Knex, id: string): Promise<JobRow | null> {
  return (await table(sql).where({ id }).first()) ?? null
}

export interface JobChanges {
  readonly status?: JobStatus
  readonly stage?: string | null
  readonly stages?: readonly JobStage[]
  readonly attempts?: number
  readonly error?: JobError | null
  readonly finished_at?: Date
}

/** An end is told to the tenant's webhooks in the same statement; once, however often it is recorded. */
export async function updateJob(sql: Knex, id: string, changes: JobChanges): Promise<void> {
  const { stages, error, ...rest } = changes
  const row = {
    ...rest,
    ...(stages && { stages: JSON.stringify(stages) as never }),
    ...(error !== undefined && { error: error && (JSON.stringify(error) as never) }),
    updated_at: sql.fn.now() as never,
  }
  if (changes.status !== undefined && ended.includes(changes.status))
    await announcing(sql, table(sql).where({ id }).whereNotIn('status', ended).update(row).returning('*'))
  await table(sql).where({ id }).update(row)
}

/** Of the tenant; null for another's. */
export async function findTenantJob(sql: Knex, tenantId: string, id: string): Promise<JobRow | null> {
  return (await table(sql).where({ id, tenant_id: tenantId }).first()) ?? null
}

/** Ends a job that nobody wants any more; one that has ended otherwise stays as it is. */
export async function cancelJob(sql: Knex, id: string, at: Date): Promise<void> {
  const cancelled = table(sql)
    .where({ id })
    .whereIn('status', ['queued', 'running'])
    .update({ status: 'cancelled', finished_at: at, updated_at: sql.fn.now() as never })
  await announcing(sql, cancelled.returning('*'))
}

/** Ends those that nobody has begun, of one document or of a whole knowledge base. */
export async function cancelQueuedJobs(
  sql: Knex,
  which: { readonly document_id: string } | { readonly kb_id: string },
  kinds: readonly JobKind[],
): Promise<void> {
  const cancelled = table(sql)
    .where({ ...which, status: 'queued' })
    .whereIn('kind', [...kinds])
    .update({ status: 'cancelled', finished_at: sql.fn.now() as never, updated_at: sql.fn.now() as never })
  await announcing(sql, cancelled.returning('*'))
}

/**
 * Forgets ended jobs that nobody can ask for any more: of a document or knowledge base that is gone, or calibrations that a
 * newer one has replaced.
 * @param keep the job that is at it
 */
export async function forgetEndedJobs(
  sql: Knex,
  keep: string,
  which: { readonly document_id: string } | { readonly kb_id: string; readonly kind?: JobKind },
): Promise<void> {
  await table(sql).where(which).whereNot({ id: keep }).whereIn('status', ['succeeded', 'failed', 'cancelled']).delete()
}

/** The records of deletions that were done before then: the last that tells of a document or knowledge base that is gone. */
export async function forgetDeletions(sql: Knex, before: Date): Promise<void> {
  await table(sql)
    .whereIn('kind', ['delete-document', 'delete-knowledge-base'])
    .whereIn('status', ended)
    .where('finished_at', '<', before)
    .delete()
}

/** Says that a worker is at it; null for one that has ended or is not there. */
export async function claimJob(sql: Knex, id: string): Promise<JobRow | null> {
  const [job] = await table(sql)
    .where({ id })
    .whereIn('status', ['queued', 'running'])
    .update({ status: 'running', updated_at: sql.fn.now() as never })
    .returning('*')
  return job ?? null
}

/** Of a tenant: jobs that a worker has begun and not ended. */
export async function countRunningOf(sql: Knex, tenantId: string): Promise<number> {
  const [counted] = await table(sql).where({ tenant_id: tenantId, status: 'running' }).count<{ count: string }[]>('* as count') // prettier-ignore
  return Number(counted?.count ?? 0)
}

/** Of one knowledge base: jobs that a worker has begun and not ended. */
export async function countRunning(sql: Knex, knowledgeBaseId: string, kinds: readonly JobKind[]): Promise<number> {
  const [counted] = await table(sql)
    .where({ kb_id: knowledgeBaseId, status: 'running' })
    .whereIn('kind', [...kinds])
    .count<{ count: string }[]>('* as count')
  return Number(counted?.count ?? 0)
}

/**
 * Whether work that changes a knowledge base's chunks is still to come. Jobs that wait for something that failed do not
 * count: nobody knows how long that takes.
 */
export async function isBusy(sql: Knex, tenantId: string, knowledgeBaseId: string): Promise<boolean> {
  const row = await table(sql)
    .where({ tenant_id: tenantId, kb_id: knowledgeBaseId })
    .whereIn('status', ['queued', 'running'])
    .whereIn('kind', ['ingest', 'delete-document'])
    .whereNull('error')
    .first('id')
  return row !== undefined
}
