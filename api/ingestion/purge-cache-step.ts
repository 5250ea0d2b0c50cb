import type { Step } from './job-steps.ts'
import type { JobWork } from './job-work.ts'

/** After the points are gone, so that nothing of them is found and remembered again. */
export function purgeCacheStep({ parts, scope, job }: JobWork): Step {
  return {
    name: 'purge-cache',
    async run() {
      const purged = await parts.cache.purge({ tenantId: scope.tenantId, knowledgeBaseId: job.kb_id })
      return `${purged} cached results removed`
    },
  }
}
