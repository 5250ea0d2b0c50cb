import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'
import type { JobRow } from './rows.ts'

/** Work on a whole knowledge base, of which only the newest record that ended is kept (job-steps.ts). */
export type KnowledgeBaseWork = 'calibrate' | 'summarize'

export type GivenUpJob = Pick<JobRow, 'tenant_id' | 'kb_id' | 'error' | 'finished_at'> & { readonly kind: KnowledgeBaseWork } // prettier-ignore

/** As the index jobs_given_up has it, word by word. */
const GIVEN_UP = "status = 'failed' AND kind IN ('calibrate', 'summarize')"

function table(sql: Knex) {
  return sql<GivenUpJob>('jobs').withSchema(CONTROL_SCHEMA).whereRaw(GIVEN_UP)
}

/** What was tried last for knowledge bases and given up; of one tenant, or of all. */
export async function givenUpJobs(sql: Knex, tenantId?: string): Promise<GivenUpJob[]> {
  const rows = tenantId === undefined ? table(sql) : table(sql).where({ tenant_id: tenantId })
  return rows.orderBy('finished_at').select('tenant_id', 'kb_id', 'kind', 'error', 'finished_at')
}

/** How many of each kind; both are always there. */
export async function countGivenUp(sql: Knex): Promise<Map<KnowledgeBaseWork, number>> {
  const rows = await table(sql).groupBy('kind').select<{ kind: KnowledgeBaseWork; count: string }[]>('kind', sql.raw('count(*)')).timeout(2000) // prettier-ignore
  const counts = new Map<KnowledgeBaseWork, number>([
    ['calibrate', 0],
    ['summarize', 0],
  ])
  for (const { kind, count } of rows) counts.set(kind, Number(count))
  return counts
}
