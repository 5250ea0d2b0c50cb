import { fromKnex, PgBoss } from 'pg-boss'
import { QUEUE_SCHEMA } from '../contract/names.ts'
import { queueConnection } from './queue-connection.ts'
import type { QueueSettings } from './queue.ts'

/**
 * pg-boss as the queue uses it. It is big (calendars, cron, its schema's whole history), so queue.ts loads this file when there
 * is a first job: replicas of the API that only answer questions never do.
 */
export function openBoss({ database, log, supervise }: QueueSettings): PgBoss {
  const boss = new PgBoss({
    db: queueConnection(database),
    schema: QUEUE_SCHEMA,
    createSchema: false,
    supervise,
    schedule: supervise,
    registerInstance: false,
    superviseIntervalSeconds: 2,
    monitorIntervalSeconds: 2,
    maintenanceIntervalSeconds: 60,
    persistWarnings: false,
    // REINDEX CONCURRENTLY and the reading of vacuum's state want rights and sessions that not every database gives.
    reindex: false,
    monitorVacuum: false,
  })
  boss.on('error', error => log.warn({ err: error }, 'the queue had an error'))
  boss.on('warning', warning => log.warn({ data: warning.data }, `the queue warns: ${warning.message}`))
  return boss
}

/** Lets pg-boss write in a caller's transaction. */
export const inTransaction = fromKnex
