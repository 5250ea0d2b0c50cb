import { randomUUID } from 'node:crypto'
import { insertJobs, type NewJob } from '../stores/postgres/jobs.ts'
import type { JobKind, JobStage } from '../stores/postgres/rows.ts'
import type { TenantTransaction } from '../stores/postgres/tenant-scope.ts'
import { pendingStages } from './job-stages.ts'
import type { JobQueue } from './queue.ts'

/** The stages of each kind of job, in the order in which they run. */
export const stageNames = {
  ingest: ['parse', 'chunk', 'enrich', 'embed', 'store'],
  'delete-document': ['delete-points', 'delete-rows'],
  'delete-knowledge-base': ['delete-points', 'delete-rows'],
  calibrate: ['count', 'reweigh'],
  summarize: ['summarize'],
} as const satisfies Record<JobKind, readonly string[]>

export interface JobRequest {
  /** Made by the caller when something else has to bear it too. */
  readonly id?: string
  readonly kind: JobKind
  readonly knowledgeBaseId: string
  readonly documentId?: string
  /** For a job that goes on where another one stopped. */
  readonly stages?: readonly JobStage[]
  readonly delaySeconds?: number
}

/**
 * Records jobs and queues them, in the transaction of the change that they belong to. `queue.start()` first, and
 * `queue.wake()` after the commit.
 */
export async function submitJobs(
  tenant: TenantTransaction,
  queue: JobQueue,
  requests: readonly JobRequest[],
): Promise<void> {
  if (requests.length === 0) return
  const jobs = requests.map((request): NewJob & Pick<JobRequest, 'delaySeconds'> => ({
    id: request.id ?? randomUUID(),
    tenant_id: tenant.scope.tenantId,
    kb_id: request.knowledgeBaseId,
    document_id: request.documentId ?? null,
    kind: request.kind,
    stages: request.stages ?? pendingStages(stageNames[request.kind]),
    ...(request.delaySeconds !== undefined && { delaySeconds: request.delaySeconds }),
  }))
  await tenant.control(async sql => {
    const added = await queue.add(
      sql,
      tenant.scope.tenantId,
      jobs.map(job => ({
        id: job.id,
        kind: job.kind,
        key: job.document_id ?? job.kb_id,
        ...(job.delaySeconds !== undefined && { delaySeconds: job.delaySeconds }),
      })),
    )
    const recorded = jobs.filter(job => added.has(job.id))
    await insertJobs(
      sql,
      recorded.map(({ delaySeconds: _, ...job }) => job),
    )
  })
}
