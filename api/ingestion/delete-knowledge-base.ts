import { markAllDeleting } from '../stores/postgres/documents.ts'
import { dropKnowledgeBase } from '../stores/postgres/knowledge-bases.ts'
import { cancelQueuedJobs, countRunning, forgetEndedJobs } from '../stores/postgres/jobs.ts'
import { inTenant } from '../stores/postgres/tenant-scope.ts'
import { VectorStoreUnavailable } from '../stores/vectors/vector-store.ts'
import { NotYet } from './job-failure.ts'
import { runSteps } from './job-steps.ts'
import type { JobWork } from './job-work.ts'
import { purgeCacheStep } from './purge-cache-step.ts'

const others = ['ingest', 'delete-document', 'calibrate', 'summarize'] as const

/** Removes a knowledge base whose `deleted_at` is set, with all that is in it: points first, rows last. */
export async function deleteKnowledgeBaseJob(work: JobWork): Promise<void> {
  const { parts, scope, job } = work
  const points = scope.vectors([job.kb_id])
  await runSteps(work, [
    {
      name: 'delete-points',
      async run() {
        const running = await inTenant(parts.database, scope, async tenant => {
          await markAllDeleting(tenant, job.kb_id)
          return tenant.control(async sql => {
            await cancelQueuedJobs(sql, { kb_id: job.kb_id }, others)
            return countRunning(sql, job.kb_id, others)
          })
        })
        // They see that the knowledge base is going and stop; until then they may write points.
        if (running > 0) throw new NotYet(`${running} jobs of the knowledge base are still at work`)
        await parts.vectors.delete(points, { all: true })
        const left = await parts.vectors.count(points, { all: true })
        if (left > 0) throw new VectorStoreUnavailable(`${left} points are still there after they were deleted`)
        return '0 points left'
      },
    },
    purgeCacheStep(work),
    {
      name: 'delete-rows',
      async run() {
        await inTenant(parts.database, scope, async tenant => {
          await dropKnowledgeBase(tenant, job.kb_id)
          await tenant.control(sql => forgetEndedJobs(sql, job.id, { kb_id: job.kb_id }))
        })
        return 'rows deleted'
      },
    },
  ])
}
