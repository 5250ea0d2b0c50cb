import { holdsJobs, unfinishedMove } from '../stores/postgres/isolation-moves.ts'
import { claimJob, updateJob } from '../stores/postgres/jobs.ts'
import type { JobRow } from '../stores/postgres/rows.ts'
import { findTenant } from '../stores/postgres/tenants.ts'
import { TenantScope } from '../stores/postgres/tenant-scope.ts'
import { inSpan } from '../tracing/tracing.ts'
import { onAccountOf } from '../usage/charged-tenant.ts'
import { calibrate } from './calibrate.ts'
import { deleteDocumentJob } from './delete-document.ts'
import { deleteKnowledgeBaseJob } from './delete-knowledge-base.ts'
import { ingest } from './ingest.ts'
import type { IngestionParts } from './ingestion-parts.ts'
import { NotYet } from './job-failure.ts'
import type { JobWork } from './job-work.ts'
import { summarize } from './summarize.ts'

/**
 * Runs a job that the queue delivered, perhaps not for the first time. Resolves when nothing is left to do: done, failed
 * for good, or not wanted any more.
 * @throws whatever has to pass before the job is worth another attempt; the queue delivers it again
 */
export async function runJob(parts: IngestionParts, jobId: string, signal: AbortSignal): Promise<void> {
  const job = await claimJob(parts.database, jobId)
  if (!job) return
  await waitForMove(parts, job)
  const tenant = await findTenant(parts.database, job.tenant_id)
  if (!tenant) return
  const scope = new TenantScope(tenant)
  const log = parts.log.child({ job_id: job.id, kind: job.kind, tenant_id: tenant.id, document_id: job.document_id })
  const work = { parts: { ...parts, log }, scope, job, signal }
  const facts = { 'selfrag.job_id': job.id, 'selfrag.tenant_id': tenant.id, 'selfrag.document_id': job.document_id ?? undefined } // prettier-ignore
  await onAccountOf(tenant.id, () => inSpan(`job ${job.kind}`, facts, () => runKind(work)))
}

async function runKind(work: JobWork): Promise<void> {
  switch (work.job.kind) {
    case 'ingest':
      return ingest(work)
    case 'delete-document':
      return deleteDocumentJob(work)
    case 'delete-knowledge-base':
      return deleteKnowledgeBaseJob(work)
    case 'calibrate':
      return calibrate(work)
    case 'summarize':
      return summarize(work)
  }
}

/**
 * While a tenant's points change places, its jobs wait for some seconds. Asked after the job's record says that it runs: the
 * mover first says that jobs are to wait and then counts those that run, so one of the two sees the other.
 */
async function waitForMove({ database }: IngestionParts, job: JobRow): Promise<void> {
  const move = await unfinishedMove(database, job.tenant_id)
  if (!move || !holdsJobs(move)) return
  const message = `the tenant's vectors are being moved to ${move.target}; it goes on in some seconds`
  await updateJob(database, job.id, { status: 'queued', error: { code: 'MOVING', message, transient: true } })
  throw new NotYet(message)
}
