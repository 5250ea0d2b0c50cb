import type { Knex } from 'knex'
import type { Client } from 'pg'
import type { Logger } from 'pino'
import { reconcileVectors } from '../backup/reconcile-vectors.ts'
import type { JobQueue } from '../ingestion/queue.ts'
import { listTenants } from '../stores/postgres/tenants.ts'
import { ownedSchemas, type OwnedSchema, rebuildInvalidIndexes, vacuumSchema } from '../stores/postgres/upkeep.ts'
import type { VectorStore } from '../stores/vectors/vector-store.ts'
import { checkIsolation } from './check-isolation.ts'

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

/**
 * Does what was chosen, in the order of {@link maintenanceTasks}, beside API and worker; nothing when another one is at it.
 * Needs sessions of its own in Postgres, which the embedded one of `npm start` does not have.
 * @returns whether it was done
 */
export async function runMaintenance(
  parts: MaintenanceParts,
  chosen: readonly MaintenanceTask[],
  signal?: AbortSignal,
): Promise<boolean> {
  return alone(parts, async client => {
    for (const task of maintenanceTasks) {
      signal?.throwIfAborted()
      if (chosen.includes(task)) await carryOut[task](parts, client, signal)
    }
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
  const { documents, incomplete, orphans } = await reconcileVectors({ database, vectors, queue, unfinished: 'leave' })
  log.info({ documents, incomplete, orphans }, 'rows and points were compared')
}

async function rebuildIndexes({ database, log }: MaintenanceParts, client: Client): Promise<void> {
  const rebuilt: string[] = []
  for (const schema of await allSchemas(database)) rebuilt.push(...(await rebuildInvalidIndexes(client, schema)))
  log.info({ rebuilt }, 'indexes were looked at')
}

async function vacuum({ database, log }: MaintenanceParts, client: Client, signal?: AbortSignal): Promise<void> {
  let count = 0
  for (const schema of await allSchemas(database)) {
    signal?.throwIfAborted()
    count += await vacuumSchema(client, schema)
  }
  log.info({ tables: count }, 'tables were vacuumed and analysed')
}

async function allSchemas(database: Knex): Promise<OwnedSchema[]> {
  const { rows } = await database.raw<{ rows: { name: string }[] }>('SELECT current_database() AS name')
  const slugs = (await listTenants(database)).map(({ slug }) => slug)
  return ownedSchemas(slugs, rows[0]!.name)
}
