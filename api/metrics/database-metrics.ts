import type { Knex } from 'knex'
import { countGivenUp } from '../stores/postgres/given-up-jobs.ts'
import { countUnfinishedJobs } from '../stores/postgres/job-counts.ts'
import { readLastBackup } from '../stores/postgres/last-backup.ts'
import type { Metrics } from '../metrics.ts'

/** What knex's pool (tarn) tells about itself. */
interface Pool {
  numUsed(): number
  numFree(): number
  numPendingAcquires(): number
}

export interface PoolStatistics {
  readonly active: number
  readonly idle: number
  readonly waiting: number
}

/** Of this moment; zeros once the pool was destroyed. */
export function poolStatistics(database: Knex): PoolStatistics {
  const { pool } = database.client as { pool?: Pool } // undefined once it was destroyed
  return { active: pool?.numUsed() ?? 0, idle: pool?.numFree() ?? 0, waiting: pool?.numPendingAcquires() ?? 0 }
}

/**
 * Connections, query times, the newest backup and the queue's length.
 * @param limit how many connections the pool may have
 */
export function observeDatabase(database: Knex, metrics: Metrics, limit: number): void {
  timeQueries(database, metrics)
  metrics.addGauge('database_connections_active', 'Connections that a query or transaction uses now.', [], set =>
    set(poolStatistics(database).active),
  )
  metrics.addGauge('database_connections_idle', 'Connections that wait for use.', [], set =>
    set(poolStatistics(database).idle),
  )
  metrics.addGauge('database_connections_waiting', 'Queries that wait for a connection.', [], set =>
    set(poolStatistics(database).waiting),
  )
  metrics.addGauge('database_connections_limit', 'Connections that this process may open.', [], set => set(limit))
  metrics.addGauge(
    'backup_last_success_timestamp_seconds',
    'When the newest backup of this database was completed; 0 when there has been none.',
    [],
    async set => {
      const last = await readLastBackup(database).catch(() => undefined)
      if (last !== undefined) set(last ? last.at.getTime() / 1000 : 0)
    },
  )
  metrics.addGauge('queue_jobs', 'Jobs that are not finished, by state.', ['status'], async set => {
    // Without the database there is nothing to tell, and a scrape must not fail for it: /ready says what is wrong.
    const counts = await countUnfinishedJobs(database).catch(() => null)
    for (const [status, count] of counts ?? []) set(count, { status })
  })
  metrics.addGauge(
    'jobs_given_up',
    'Knowledge bases whose statistics (calibrate) or tree of summaries (summarize) was refused for good when it was tried last.',
    ['kind'],
    async set => {
      const counts = await countGivenUp(database).catch(() => null)
      for (const [kind, count] of counts ?? []) set(count, { kind })
    },
  )
}

/** knex tells a query's begin and end by the same uid. */
function timeQueries(database: Knex, metrics: Metrics): void {
  const started = new Map<string, number>()
  const end = (uid: string) => {
    const at = started.get(uid)
    if (started.delete(uid) && at !== undefined) metrics.observeQuery((performance.now() - at) / 1000)
  }
  database.on('query', ({ __knexQueryUid: uid }: { __knexQueryUid: string }) => started.set(uid, performance.now()))
  database.on('query-response', (_answer: unknown, { __knexQueryUid: uid }: { __knexQueryUid: string }) => end(uid))
  database.on('query-error', (_error: unknown, { __knexQueryUid: uid }: { __knexQueryUid: string }) => end(uid))
}
