import type { Knex } from 'knex'
import type { Client } from 'pg'
import type { Logger } from 'pino'
import { reconcileVectors } from '../backup/reconcile-vectors.ts'
import type { JobQueue } from '../ingestion/queue.ts'
import { eachTenant, type TenantFailure } from '../stores/postgres/each-tenant.ts'
import { readMaintenanceRecord, recordMaintenance } from '../stores/postgres/maintenance-record.ts'
import {
  type OwnedSchema,
  productSchemas,
  rebuildInvalidIndexes,
  schemaOfTenant,
  vacuumSchema,
} from '../stores/postgres/upkeep.ts'
import type { VectorStore } from '../stores/vectors/vector-store.ts'
import { checkIsolation } from './check-isolation.ts'
import { isDue } from './due.ts'

export const maintenanceTasks = ['points', 'indexes', 'vacuum', 'isolation'] as const
export type MaintenanceTask = (typeof maintenanceTasks)[number]

export interface MaintenanceParts {
  readonly database: Knex
  readonly vectors: VectorStore
  /** Where documents go that have to be indexed again. */
  readonly queue: JobQueue
  readonly now: () => Date
  readonly log: Logger
}

export interface Round {
  /** What is done of {@link maintenanceTasks}, in their order. */
  readonly chosen: readonly MaintenanceTask[]
  /** Leaves out what somebody has done in its period: for whoever comes by a clock. */
  readonly due?: boolean
  readonly signal?: AbortSignal
}

/**
 * Does what was chosen, beside API and worker, each task whether or not the others fail; nothing when another one is at it.
 * When each was done is recorded, so that a worker and cron do not both do it. Needs sessions of its own in Postgres, which
 * the embedded one of `npm start` does not have.
 * @returns whether it was done @throws what tasks failed of, when all had their turn
 */
export async function runMaintenance(parts: MaintenanceParts, { chosen, due, signal }: Round): Promise<boolean> {
  return alone(parts, async client => {
    const failures: unknown[] = []
    const wanted = maintenanceTasks.filter(task => chosen.includes(task))
    for (const task of due ? await dueOf(parts, wanted) : wanted) {
      signal?.throwIfAborted()
      try {
        await carryOut[task](parts, client, signal)
        await recordMaintenance(parts.database, task, parts.now())
      } catch (error) {
        signal?.throwIfAborted()
        failures.push(error)
      }
    }
    if (failures.length > 1) throw new AggregateError(failures, `${failures.length} tasks of maintenance failed`)
    if (failures.length === 1) throw failures[0]
  })
}

async function dueOf({ database, now, log }: MaintenanceParts, tasks: readonly MaintenanceTask[]) {
  const record = await readMaintenanceRecord(database)
  return tasks.filter(task => {
    const due = isDue(task, record, now())
    if (!due) log.info({ task, done_at: record[task] }, 'was done already; left out')
    return due
  })
}

type CarryOut = (parts: MaintenanceParts, client: Client, signal?: AbortSignal) => Promise<unknown>

const carryOut: Readonly<Record<MaintenanceTask, CarryOut>> = {
  points: repairPoints,
  indexes: rebuildIndexes,
  vacuum,
  isolation: (parts, _, signal) => checkIsolation(parts, signal),
}

/** 'selfrag' and a number of ours: pg_locks shows it while maintenance runs. */
const LOCK = [0x73656c66, 7] as const

/** Runs `work` with a connection that holds a lock for as long; does nothing when somebody else holds it. */
async function alone({ database, log }: MaintenanceParts, work: (client: Client) => Promise<void>): Promise<boolean> {
  const pool = database.client as { acquireConnection(): Promise<Client>; releaseConnection(client: Client): Promise<void> } // prettier-ignore
  const client = await pool.acquireConnection()
  try {
    const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS mine', [...LOCK])
    if (!rows[0]?.mine) {
      log.info('maintenance runs already; nothing was done')
      return false
    }
    try {
      await work(client)
      return true
    } finally {
      await client.query('SELECT pg_advisory_unlock($1, $2)', [...LOCK])
    }
  } finally {
    await pool.releaseConnection(client)
  }
}

async function repairPoints({ database, vectors, queue, log }: MaintenanceParts): Promise<void> {
  const { failures, ...found } = await reconcileVectors({ database, vectors, queue, unfinished: 'leave' })
  const { documents, incomplete, orphans } = found
  log.info({ documents, incomplete, orphans }, 'rows and points were compared')
  endWith(failures, 'rows and points', log)
}

async function rebuildIndexes(parts: MaintenanceParts, client: Client, signal?: AbortSignal): Promise<void> {
  const rebuilt: string[] = []
  const failures = await inEverySchema(parts.database, async schema => void rebuilt.push(...(await rebuildInvalidIndexes(client, schema))), signal) // prettier-ignore
  parts.log.info({ rebuilt }, 'indexes were looked at')
  endWith(failures, 'indexes', parts.log)
}

async function vacuum(parts: MaintenanceParts, client: Client, signal?: AbortSignal): Promise<void> {
  let tables = 0
  const failures = await inEverySchema(parts.database, async schema => void (tables += await vacuumSchema(client, schema)), signal) // prettier-ignore
  parts.log.info({ tables }, 'tables were vacuumed and analysed')
  endWith(failures, 'tables', parts.log)
}

async function inEverySchema(database: Knex, work: (schema: OwnedSchema) => Promise<void>, signal?: AbortSignal) {
  for (const schema of productSchemas) await work(schema)
  const { rows } = await database.raw<{ rows: { name: string }[] }>('SELECT current_database() AS name')
  return eachTenant(database, ({ slug }) => work(schemaOfTenant(slug, rows[0]!.name)), signal)
}

/** @throws naming every tenant that something could not be done for */
function endWith(failures: readonly TenantFailure[], what: string, log: Logger): void {
  for (const { id, tenant, cause } of failures) log.warn({ tenant_id: id, tenant, err: cause }, `the tenant's ${what} could not be looked after`) // prettier-ignore
  if (failures.length === 0) return
  throw new Error(`${what} of ${failures.map(({ tenant }) => tenant).join(', ')} could not be looked after; of all others they were`) // prettier-ignore
}
