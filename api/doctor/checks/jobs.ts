import { givenUpJobs, type GivenUpJob } from '../../stores/postgres/given-up-jobs.ts'
import { findTenant } from '../../stores/postgres/tenants.ts'
import { type Check, ok, warning } from '../check.ts'

const products = { calibrate: 'statistics', summarize: 'tree of summaries' } as const

/** What the worker was refused for good, and so does not try any more. */
export const jobsCheck: Check = {
  name: 'jobs',
  needs: ['migrations'],
  async examine({ database }) {
    const jobs = await givenUpJobs(database)
    const newest = jobs.at(-1)
    if (!newest) return ok('nothing was given up')
    const tenant = await findTenant(database, newest.tenant_id)
    return warning(
      `${jobs.length} jobs of knowledge bases were given up; the newest: the ${products[newest.kind]} of knowledge base ${newest.kb_id} of tenant ${tenant?.slug ?? newest.tenant_id}`,
      reasonOf(newest),
      'set right what it names; a worker that starts tries again, and so does the next change of a document in that knowledge base',
    )
  },
}

function reasonOf({ error }: GivenUpJob): string {
  return error ? `${error.code}: ${error.message}` : 'no reason was recorded'
}
