import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { durationSeconds } from '../crds/duration.ts'
import { openStores } from './backup/open-stores.ts'
import { openPlace } from './backup/places/index.ts'
import { readSettings, tellFailure, Usage } from './backup/program.ts'
import { prune, takeBackup } from './backup/take-backup.ts'
import { logOptions } from './contract/log-format.ts'
import { productVersion } from './contract/product-version.ts'
import { recordBackup } from './stores/postgres/last-backup.ts'

const USAGE = `usage: backup [--tenant SLUG] [--termination-log FILE] | backup --list

Writes a backup of the database and the vectors to BACKUP_DESTINATION, reads it back, and deletes backups that are older than
BACKUP_RETENTION. With --tenant only that tenant's rows, and nothing is deleted. --list shows what is there.`

const parameters = { tenant: { type: 'string' }, list: { type: 'boolean' }, help: { type: 'boolean' }, 'termination-log': { type: 'string' } } as const // prettier-ignore

/** The backup, by a CronJob, by cron, or by hand (hack/backup). */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: parameters })
  if (values.help) return void process.stdout.write(`${USAGE}\n`)
  const { configuration, backup } = readSettings(process.env)
  const log = pino(logOptions('selfrag.backup', configuration.LOG_LEVEL))
  const place = openPlace(backup)
  if (values.list) return list(place)
  const stores = openStores(configuration)
  const now = () => new Date()
  try {
    const { name } = await takeBackup({
      stores,
      place,
      passphrase: backup.BACKUP_ENCRYPTION_KEY,
      collectionPrefix: configuration.QDRANT_COLLECTION_PREFIX,
      product: productVersion,
      tenant: values.tenant ?? null,
      now,
      log,
    })
    if (values.tenant !== undefined) return
    await recordBackup(stores.database, { name, at: now() })
    await prune(place, durationSeconds(backup.BACKUP_RETENTION) * 1000, now(), log)
  } finally {
    await stores.close()
  }
}

async function list(place: ReturnType<typeof openPlace>): Promise<void> {
  for (const { name, complete } of (await place.list()).sort((a, b) => (a.name < b.name ? -1 : 1)))
    process.stdout.write(`${name}  ${complete ? 'complete' : 'incomplete: interrupted, or still being written'}\n`)
}

await main().catch((error: unknown) => tellFailure(error instanceof TypeError && 'code' in error ? new Usage(`${error.message}\n${USAGE}`) : error)) // prettier-ignore
