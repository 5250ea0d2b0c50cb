import { deleteDocument } from '../stores/postgres/documents.ts'
import { bumpKnowledgeBase } from '../stores/postgres/knowledge-bases.ts'
import { cancelQueuedJobs, forgetEndedJobs, updateJob } from '../stores/postgres/jobs.ts'
import { inTenant } from '../stores/postgres/tenant-scope.ts'
import { VectorStoreUnavailable } from '../stores/vectors/vector-store.ts'
import { runSteps } from './job-steps.ts'
import type { JobWork } from './job-work.ts'
import { purgeCacheStep } from './purge-cache-step.ts'
import { requestCalibration } from './request-calibration.ts'

/**
 * Removes a document that is marked as deleting: first its points, until the store says that there are none, then its
 * rows. The queue runs no other job of the document meanwhile.
 */
export async function deleteDocumentJob(work: JobWork): Promise<void> {
  const { parts, scope, job } = work
  const documentId = job.document_id
  if (documentId === null) throw new Error(`job ${job.id} deletes a document and names none`)
  const points = scope.vectors([job.kb_id])
  await runSteps(work, [
    {
      name: 'delete-points',
      async run() {
        await parts.vectors.delete(points, { documentId })
        const left = await parts.vectors.count(points, { documentId })
        if (left > 0) throw new VectorStoreUnavailable(`${left} points are still there after they were deleted`)
        return '0 points left'
      },
    },
    purgeCacheStep(work),
    {
      name: 'delete-rows',
      async run() {
        await inTenant(parts.database, scope, async tenant => {
          await deleteDocument(tenant, documentId)
          await bumpKnowledgeBase(tenant, job.kb_id)
          await tenant.control(async sql => {
            await cancelQueuedJobs(sql, { document_id: documentId }, ['ingest'])
            await forgetEndedJobs(sql, job.id, { document_id: documentId })
            // Before the statistics are asked for, which wait for jobs that are still at work.
            await updateJob(sql, job.id, { status: 'succeeded', finished_at: parts.now() })
          })
          await requestCalibration(tenant, parts, job.kb_id)
        })
        return 'rows deleted'
      },
    },
  ])
  parts.queue.wake()
}
