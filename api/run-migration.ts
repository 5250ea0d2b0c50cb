import type { Configuration } from './contract/configuration.ts'
import type { Owner } from './contract/ownership.ts'
import { migrateDatabase, type MigrationLog, MigrationRefused } from './provisioning/migrate-database.ts'
import { productVersion } from './contract/product-version.ts'
import { databaseSettings, openDatabase } from './stores/postgres/database.ts'
import { databaseFault, serverMessage } from './stores/postgres/database-errors.ts'
import { NewerSchema } from './stores/postgres/migrator.ts'

export interface MigrationRun {
  readonly configuration: Configuration
  readonly image: string | null
  readonly owner: Owner | null
  readonly adopt: boolean
  readonly log: MigrationLog & { error(fields: object, message: string): void }
}

/** `code`: of the process. 1: trying again may help; 2: a person has to do something first. */
export type MigrationOutcome = { readonly code: 0 } | { readonly code: 1 | 2; readonly message: string }

/** Opens the database, migrates it and tells how that went; throws nothing. */
export async function runMigration({ configuration, log, ...migration }: MigrationRun): Promise<MigrationOutcome> {
  const database = openDatabase({
    ...databaseSettings(configuration, 'selfrag-migrate'),
    pool: { keep: 0, max: 2, acquireTimeoutMs: 30_000, lifetimeMs: 3_600_000 },
  })
  try {
    await migrateDatabase(database, { ...migration, log, actor: { type: 'system', name: `migration to ${productVersion}` } }) // prettier-ignore
    return { code: 0 }
  } catch (error) {
    log.error({ err: error }, 'the migration failed')
    return outcomeOf(error)
  } finally {
    await database.destroy()
  }
}

function outcomeOf(error: unknown): MigrationOutcome {
  const message = serverMessage(error)
  if (error instanceof MigrationRefused || error instanceof NewerSchema) return { code: 2, message }
  switch (databaseFault(error)) {
    case 'unavailable':
      return { code: 1, message: `the database cannot be reached: ${message}` }
    case 'refused':
      return { code: 1, message: `the database refused the connection: ${message}` }
    default:
      return { code: 1, message }
  }
}
