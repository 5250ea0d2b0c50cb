import { randomBytes } from 'node:crypto'
import type { Knex } from 'knex'
import type { BackupConfiguration } from '../contract/backup.ts'
import type { Configuration } from '../contract/configuration.ts'
import { CONTROL_SCHEMA, VECTOR_SCHEMA } from '../contract/names.ts'
import { configuredAddress, type DatabaseAddress, parseDatabaseUrl } from '../stores/postgres/database-address.ts'
import { databaseFault } from '../stores/postgres/database-errors.ts'
import { describeTenantPlace, dropTenantRole, dropTenantSchema } from '../stores/postgres/tenant-roles.ts'
import type { Manifest } from './manifest.ts'
import { type OpenedStores, openStores } from './open-stores.ts'
import type { Place } from './places/index.ts'
import { type Restored, restoreBackup, type RestoreRun } from './restore-backup.ts'
import { RestoreRefused } from './restore-rows.ts'

export interface VerifyRun extends Pick<RestoreRun, 'log'> {
  readonly configuration: Configuration
  readonly backup: BackupConfiguration
  readonly place: Place
}

/**
 * Restores a backup into a database and collections of its own, compares rows and points, and throws both away: what a
 * restore would do, without touching what is in use.
 */
export async function verifyBackup(run: VerifyRun, manifest: Manifest): Promise<Restored> {
  const id = `selfrag_verify_${randomBytes(4).toString('hex')}`
  return withScratchDatabase(run, id, async address => {
    const stores = openStores(run.configuration, address)
    try {
      const { place, log } = run
      const passphrase = run.backup.BACKUP_ENCRYPTION_KEY
      const trial = { stores, place, passphrase, collectionPrefix: id, replace: false, forGood: false, log }
      return await restoreBackup(trial, manifest)
    } finally {
      await throwAway(stores, id, manifest)
      await stores.close()
    }
  })
}

async function withScratchDatabase<T>(
  { configuration, backup }: VerifyRun,
  name: string,
  work: (address: DatabaseAddress) => Promise<T>,
): Promise<T> {
  const url = backup.BACKUP_SCRATCH_DATABASE_URL
  if (url) return work(parseDatabaseUrl(url))
  const address = configuredAddress(configuration)
  const stores = openStores(configuration)
  const { database } = stores
  try {
    await createDatabase(database, name)
    try {
      return await work({ ...address, database: name })
    } finally {
      await database.raw('DROP DATABASE IF EXISTS ??', [name])
    }
  } finally {
    await stores.close()
  }
}

async function createDatabase(database: Knex, name: string): Promise<void> {
  try {
    await database.raw('CREATE DATABASE ??', [name])
  } catch (cause) {
    if (databaseFault(cause) !== 'forbidden') throw cause
    throw new RestoreRefused('a database for the trial cannot be made: the role lacks CREATEDB; grant it, or set BACKUP_SCRATCH_DATABASE_URL to an empty database', { cause }) // prettier-ignore
  }
}

/** Roles belong to the server, so that they would outlive the database. */
async function throwAway({ database, vectors }: OpenedStores, prefix: string, manifest: Manifest): Promise<void> {
  for (const name of await vectors.collections.list(`${prefix}_`)) await vectors.collections.delete(name)
  for (const { slug } of manifest.tenants)
    await database.transaction(async sql => {
      const place = await describeTenantPlace(sql, slug)
      if (place.schemaExists) await dropTenantSchema(sql, slug)
      if (place.roleExists) await dropTenantRole(sql, place.role)
    })
  await database.raw('DROP SCHEMA IF EXISTS ?? CASCADE', [CONTROL_SCHEMA])
  if (vectors.engine === 'pgvector') await database.raw('DROP SCHEMA IF EXISTS ?? CASCADE', [VECTOR_SCHEMA])
}
