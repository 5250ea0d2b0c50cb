import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'

/** How many jobs of all tenants are queued and running; both are always there. */
export async function countUnfinishedJobs(sql: Knex): Promise<Map<'queued' | 'running', number>> {
  const rows = await sql('jobs')
    .withSchema(CONTROL_SCHEMA)
    .whereIn('status', ['queued', 'running'])
    .groupBy('status')
    .select<{ status: 'queued' | 'running'; count: string }[]>('status', sql.raw('count(*)'))
    .timeout(2000)
  const counts = new Map<'queued' | 'running', number>([
    ['queued', 0],
    ['running', 0],
  ])
  for (const { status, count } of rows) counts.set(status, Number(count))
  return counts
}
