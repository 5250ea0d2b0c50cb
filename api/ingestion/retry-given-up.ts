import { givenUpJobs } from '../stores/postgres/given-up-jobs.ts'
import { inTenant, TenantScope } from '../stores/postgres/tenant-scope.ts'
import { findTenant } from '../stores/postgres/tenants.ts'
import type { IngestionParts } from './ingestion-parts.ts'
import { submitJobs } from './submit-jobs.ts'

/**
 * Tries once more what was given up for knowledge bases: a worker that starts may have another key, model or setting. What is
 * refused as before ends at its first call. Gives how many jobs were asked for.
 */
export async function retryGivenUp({ database, queue }: Pick<IngestionParts, 'database' | 'queue'>): Promise<number> {
  const jobs = await givenUpJobs(database)
  for (const { tenant_id, kb_id, kind } of jobs) {
    const tenant = await findTenant(database, tenant_id)
    if (tenant) await inTenant(database, new TenantScope(tenant), inside => submitJobs(inside, queue, [{ kind, knowledgeBaseId: kb_id }])) // prettier-ignore
  }
  if (jobs.length > 0) queue.wake()
  return jobs.length
}
