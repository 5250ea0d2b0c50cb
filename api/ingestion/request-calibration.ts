import { isBusy } from '../stores/postgres/jobs.ts'
import { readRetrieval } from '../stores/postgres/knowledge-bases.ts'
import { readSummary } from '../stores/postgres/lexical-statistics.ts'
import type { TenantTransaction } from '../stores/postgres/tenant-scope.ts'
import { calibrationDelay } from './calibration-due.ts'
import type { IngestionParts } from './ingestion-parts.ts'
import { submitJobs } from './submit-jobs.ts'
import { wantsTree } from './summary-tree/wants-tree.ts'

/**
 * Has the term statistics of a knowledge base counted anew, if it is time, and its tree of summaries looked at. Call it in every transaction that ends a job
 * which changes chunks, after the job's own record says so, and *with the knowledge base's row locked* (bumpKnowledgeBase,
 * lockKnowledgeBaseContents). The lock is what makes the last of many workers see that it is the last; and a calibration takes it
 * before it counts, so that it sees whatever was committed before it was asked for.
 */
export async function requestCalibration(
  tenant: TenantTransaction,
  { queue, now, defaultRetriever }: Pick<IngestionParts, 'queue' | 'now' | 'defaultRetriever'>,
  knowledgeBaseId: string,
): Promise<void> {
  const busy = await tenant.control(sql => isBusy(sql, tenant.scope.tenantId, knowledgeBaseId))
  if (!busy && wantsTree(await readRetrieval(tenant, knowledgeBaseId), defaultRetriever))
    await submitJobs(tenant, queue, [{ kind: 'summarize', knowledgeBaseId }])
  const summary = await readSummary(tenant, knowledgeBaseId)
  const delaySeconds = calibrationDelay(summary, busy, now())
  if (delaySeconds === null) return
  await submitJobs(tenant, queue, [{ kind: 'calibrate', knowledgeBaseId, delaySeconds }])
}
