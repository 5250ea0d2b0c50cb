import { parseArgs } from 'node:util'
import type { Client } from 'pg'
import { type Logger, pino } from 'pino'
import { openStores, type OpenedStores } from '../backup/open-stores.ts'
import { reconcileVectors } from '../backup/reconcile-vectors.ts'
import { parseConfiguration } from '../contract/configuration.ts'
import { logOptions } from '../contract/log-format.ts'
import { JobQueue } from '../ingestion/queue.ts'
import { listTenants } from '../stores/postgres/tenants.ts'
import { ownedSchemas, type OwnedSchema, rebuildInvalidIndexes, vacuumSchema } from '../stores/postgres/upkeep.ts'

const tasks = ['points', 'indexes', 'vacuum'] as const
type Task = (typeof tasks)[number]

export const MAINTAIN_USAGE = `usage: selfrag maintain [--only TASK,TASK…]

What should be done about once a week, while API and worker run:
  points   indexes documents again whose points are missing, deletes points whose document is gone
  indexes  rebuilds indexes that an interrupted build has left unused
  vacuum   VACUUM (ANALYZE) of every table of the product and of its tenants
Ends with 0, with 1 when it could not, with 2 when it was called wrongly. A second one at the same time does nothing.`

interface Maintenance {
  readonly stores: OpenedStores
  readonly client: Client
  readonly log: Logger
}

/** Gives the exit code. @param write where usage and faults go; the log goes to standard output */
export async function maintain(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  write: (text: string) => void,
): Promise<number> {
  // prettier-ignore
  const only = chosen(args)
  if (!only) return (write(`${MAINTAIN_USAGE}\n`), 2)
  const parsed = parseConfiguration(env)
  if (!parsed.ok) return (write(`${parsed.faults.join('\n')}\n`), 1)
  const log = pino(logOptions('selfrag.maintain', parsed.configuration.LOG_LEVEL))
  const stores = openStores(parsed.configuration)
  try {
    await alone(stores, log, client => run(only, { stores, client, log }))
    return 0
  } catch (error) {
    log.error({ err: error }, 'maintenance could not be done')
    return 1
  } finally {
    await stores.close()
  }
}

function chosen(args: readonly string[]): readonly Task[] | null {
  try {
    const { values } = parseArgs({ args: [...args], options: { only: { type: 'string' }, help: { type: 'boolean' } } })
    const names = values.only?.split(',') ?? [...tasks]
    const isTask = (name: string): name is Task => tasks.includes(name as Task)
    return !values.help && names.every(isTask) ? names : null
  } catch {
    return null
  }
}

/** 'selfrag' and a number of ours: pg_locks shows it while maintenance runs. */
const LOCK = [0x73656c66, 7] as const

/** Runs `work` with a connection that holds a lock for as long; does nothing when somebody else holds it. */
async function alone({ database }: OpenedStores, log: Logger, work: (client: Client) => Promise<void>): Promise<void> {
  const pool = database.client as { acquireConnection(): Promise<Client>; releaseConnection(client: Client): Promise<void> } // prettier-ignore
  const client = await pool.acquireConnection()
  try {
    const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS mine', [...LOCK])
    if (!rows[0]?.mine) return log.info('maintenance runs already; nothing was done')
    try {
      await work(client)
    } finally {
      await client.query('SELECT pg_advisory_unlock($1, $2)', [...LOCK])
    }
  } finally {
    await pool.releaseConnection(client)
  }
}

async function run(only: readonly Task[], parts: Maintenance): Promise<void> {
  const { database } = parts.stores
  const { rows } = await database.raw<{ rows: { name: string }[] }>('SELECT current_database() AS name')
  const slugs = (await listTenants(database)).map(({ slug }) => slug)
  const schemas = ownedSchemas(slugs, rows[0]!.name)
  if (only.includes('points')) await repairPoints(parts)
  if (only.includes('indexes')) await rebuildIndexes(parts, schemas)
  if (only.includes('vacuum')) await vacuum(parts, schemas)
}

async function repairPoints({ stores, log }: Maintenance): Promise<void> {
  const queue = new JobQueue({ database: stores.database, log, supervise: false })
  try {
    const { documents, incomplete, orphans } = await reconcileVectors({ ...stores, queue, unfinished: 'leave' })
    log.info({ documents, incomplete, orphans }, 'rows and points were compared')
  } finally {
    await queue.stop(1000)
  }
}

async function rebuildIndexes({ client, log }: Maintenance, schemas: readonly OwnedSchema[]): Promise<void> {
  const rebuilt: string[] = []
  for (const schema of schemas) rebuilt.push(...(await rebuildInvalidIndexes(client, schema)))
  log.info({ rebuilt }, 'indexes were looked at')
}

async function vacuum({ client, log }: Maintenance, schemas: readonly OwnedSchema[]): Promise<void> {
  let count = 0
  for (const schema of schemas) count += await vacuumSchema(client, schema)
  log.info({ tables: count }, 'tables were vacuumed and analysed')
}
