import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { importTenant } from './backup/import-tenant.ts'
import { openStores } from './backup/open-stores.ts'
import { openPlace } from './backup/places/index.ts'
import { readSettings, tellFailure, Usage } from './backup/program.ts'
import { readManifest, restoreBackup, type Restored } from './backup/restore-backup.ts'
import { verifyBackup } from './backup/verify-backup.ts'
import { logOptions } from './contract/log-format.ts'

const USAGE = `usage: restore [NAME|latest] [--verify | --replace | --tenant SLUG]

Puts a backup from BACKUP_DESTINATION back into an empty database and vector store.
  --verify       restores into a scratch database and scratch collections, compares, and throws them away
  --replace      deletes what is there first; stop API and workers before
  --tenant SLUG  brings one tenant of the backup into the pipeline that is there; its vectors are computed again`

const parameters = {
  verify: { type: 'boolean', default: false },
  replace: { type: 'boolean', default: false },
  tenant: { type: 'string' },
  help: { type: 'boolean' },
} as const

/** The restore, by hand (hack/restore) or by a Job. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: parameters })
  if (values.help) return void process.stdout.write(`${USAGE}\n`)
  const chosen = [values.verify, values.replace, values.tenant !== undefined].filter(Boolean)
  if (positionals.length > 1 || chosen.length > 1) throw new Usage(USAGE)
  const { configuration, backup } = readSettings(process.env)
  const log = pino(logOptions('selfrag.restore', configuration.LOG_LEVEL))
  const place = openPlace(backup)
  const manifest = await readManifest(place, positionals[0] ?? 'latest')
  if (values.verify) {
    const restored = await verifyBackup({ configuration, backup, place, log }, manifest)
    return log.info({ ...restored }, 'the backup can be restored')
  }
  const stores = openStores(configuration)
  const passphrase = backup.BACKUP_ENCRYPTION_KEY
  const collectionPrefix = configuration.QDRANT_COLLECTION_PREFIX
  try {
    if (values.tenant !== undefined) {
      const documents = await importTenant({ database: stores.database, place, passphrase, collectionPrefix, log }, manifest, values.tenant) // prettier-ignore
      return log.info({ tenant: values.tenant, documents }, 'the tenant is there; its documents are being indexed')
    }
    const run = { stores, place, passphrase, collectionPrefix, replace: values.replace, forGood: true, log }
    const restored: Restored = await restoreBackup(run, manifest)
    log.info({ ...restored }, 'restored')
  } finally {
    await stores.close()
  }
}

await main().catch((error: unknown) => tellFailure(error instanceof TypeError && 'code' in error ? new Usage(`${error.message}\n${USAGE}`) : error)) // prettier-ignore
