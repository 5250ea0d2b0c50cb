import { parseArgs } from 'node:util'
import { type Logger, pino } from 'pino'
import { openStores } from '../backup/open-stores.ts'
import { type Configuration, parseConfiguration } from '../contract/configuration.ts'
import { logOptions } from '../contract/log-format.ts'
import { JobQueue } from '../ingestion/queue.ts'
import { type MaintenanceTask, maintenanceTasks, type Round, runMaintenance } from './tasks.ts'

export const MAINTAIN_USAGE = `usage: selfrag maintain [--only TASK,TASK…] [--due]

What the worker does by itself at night (SCHEDULED_MAINTENANCE, SCHEDULED_ISOLATION_CHECK), now, while API and worker run:
  points     indexes documents again whose points are missing, deletes points whose document is gone
  indexes    rebuilds indexes that an interrupted build has left unused
  vacuum     VACUUM (ANALYZE) of every table of the product and of its tenants
  isolation  makes each tenant try to reach what is not its own; metrics and doctor tell what came of it
With --due, for cron: only what nobody has done this week (isolation: today); the worker leaves out the same way what cron has done.
Ends with 0, with 1 when it could not, with 2 when it was called wrongly. A second one at the same time does nothing.`

/** Gives the exit code. @param write where usage and faults go; the log goes to standard output */
export async function maintain(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  write: (text: string) => void,
): Promise<number> {
  const round = chosen(args)
  if (!round) return (write(`${MAINTAIN_USAGE}\n`), 2)
  const parsed = parseConfiguration(env)
  if (!parsed.ok) return (write(`${parsed.faults.join('\n')}\n`), 1)
  const log = pino(logOptions('selfrag.maintain', parsed.configuration.LOG_LEVEL))
  try {
    await run(parsed.configuration, round, log)
    return 0
  } catch (error) {
    log.error({ err: error }, 'maintenance could not be done')
    return 1
  }
}

function chosen(args: readonly string[]): Round | null {
  try {
    const options = { only: { type: 'string' }, due: { type: 'boolean', default: false }, help: { type: 'boolean' } } as const // prettier-ignore
    const { values } = parseArgs({ args: [...args], options })
    const names = values.only?.split(',') ?? [...maintenanceTasks]
    const isTask = (name: string): name is MaintenanceTask => maintenanceTasks.includes(name as MaintenanceTask)
    return !values.help && names.every(isTask) ? { chosen: names, due: values.due } : null
  } catch {
    return null
  }
}

async function run(configuration: Configuration, round: Round, log: Logger): Promise<void> {
  const stores = openStores(configuration)
  const queue = new JobQueue({ database: stores.database, log, supervise: false })
  try {
    await runMaintenance({ ...stores, queue, now: () => new Date(), log }, round)
  } finally {
    await queue.stop(1000)
    await stores.close()
  }
}
