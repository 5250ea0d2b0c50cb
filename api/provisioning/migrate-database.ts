import type { Knex } from 'knex'
import { CONTROL_SCHEMA, tenantSchema } from '../contract/names.ts'
import type { Owner } from '../contract/ownership.ts'
import { serverMessage } from '../stores/postgres/database-errors.ts'
import { controlSchemaVersion, migrateControlSchema, migrateTenantSchema } from '../stores/postgres/migrator.ts'
import { setSchemaOwner } from '../stores/postgres/ownership-comments.ts'
import { readSchemaLevel, type SchemaLevel, writeSchemaLevel } from '../stores/postgres/schema-level.ts'
import { describeTenantPlace } from '../stores/postgres/tenant-roles.ts'
import { leaveTenant } from '../stores/postgres/tenant-scope.ts'
import { listTenants } from '../stores/postgres/tenants.ts'
import { auditStep } from './audit.ts'
import { observeDatabase } from './observe-pipeline.ts'
import { databaseObstacles } from './plan-pipeline.ts'
import type { Actor } from './stores.ts'

export interface DatabaseMigration {
  readonly actor: Actor
  /** Who a control schema belongs to that is made here. Null: nobody; a RagPipeline takes it by adopting. */
  readonly owner: Owner | null
  /** Goes on although the schema bears another owner's marker: the caller has judged that. */
  readonly adopt: boolean
  /** Recorded as the image that the schemas are ready for; null for a migration by hand. */
  readonly image: string | null
  /** Told of each schema that was changed, and of those that could not be. */
  readonly log: MigrationLog
}

export interface MigrationLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** A person has to do something: trying again changes nothing. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused'
}

/** Some tenants are at the version before still; every other one is migrated. */
export class TenantsNotMigrated extends Error {
  override readonly name = 'TenantsNotMigrated'
  constructor(failures: readonly { readonly slug: string; readonly error: unknown }[]) {
    const told = failures.slice(0, 3).map(({ slug, error }) => `${slug} (${serverMessage(error)})`) // prettier-ignore
    const more = failures.length > told.length ? ` and ${failures.length - told.length} more` : ''
    super(`${failures.length} tenants could not be migrated: ${told.join(', ')}${more}`, { cause: failures[0]?.error })
  }
}

/**
 * Brings the control schema and every tenant's schema to this version: what the migration Job does, and `npm run
 * db:migrate`. Safe when several start at once. What was done stays done when it fails half-way; each schema is whole.
 * @throws MigrationRefused, NewerSchema, TenantsNotMigrated, or the database's error
 */
export async function migrateDatabase(database: Knex, migration: DatabaseMigration): Promise<void> {
  await check(database, migration)
  await migrateControl(database, migration)
  const level = await readSchemaLevel(database)
  await migrateTenants(database, migration, level)
  if (level && migration.image !== null && level.image !== migration.image)
    await writeSchemaLevel(database, { ...level, image: migration.image })
}

async function check(database: Knex, { owner, adopt }: DatabaseMigration): Promise<void> {
  const observed = await observeDatabase({ database })
  const obstacles = databaseObstacles({ owner: owner ?? observed.control.owner ?? nobody, adopt: adopt || !owner }, observed) // prettier-ignore
  if (obstacles.length > 0) throw new MigrationRefused(obstacles.map(({ message }) => message).join('; '))
}

const nobody: Owner = { cluster: 'none', uid: 'none' }

async function migrateControl(database: Knex, { owner, actor, log }: DatabaseMigration): Promise<void> {
  const { applied } = await controlSchemaVersion(database)
  const from = applied?.at(-1) ?? null
  await migrateControlSchema(database, async sql => {
    if (from === null && owner) await setSchemaOwner(sql, CONTROL_SCHEMA, owner)
    const to = (await controlSchemaVersion(sql)).applied?.at(-1) ?? ''
    await auditStep(sql, { actor }, { action: 'migrate-control-schema', target: to, detail: { from } })
    log.info({ schema: CONTROL_SCHEMA, from, to }, 'migrated')
  })
}

/** One after the other, so that a thousand tenants need one connection; one that fails does not keep the others back. */
async function migrateTenants(database: Knex, migration: DatabaseMigration, level: SchemaLevel | null): Promise<void> {
  const { actor, log } = migration
  const failures: { slug: string; error: unknown }[] = []
  const tenants = await listTenants(database)
  for (const { slug } of tenants) {
    const schema = tenantSchema(slug)
    const after = async (sql: Knex.Transaction) => {
      await leaveTenant(sql)
      await auditStep(sql, { actor }, { action: 'migrate-tenant-schema', target: slug })
      log.info({ schema }, 'migrated')
    }
    try {
      if (await isLost(database, slug)) log.warn({ schema }, 'skipped: the schema is gone; restore it from a backup')
      else await migrateTenantSchema(database, slug, { level, after })
    } catch (error) {
      log.warn({ schema, err: error }, 'could not be migrated')
      failures.push({ slug, error })
    }
  }
  if (failures.length > 0) throw new TenantsNotMigrated(failures)
  log.info({ tenants: tenants.length }, 'all schemas are at this version')
}

/** Its tenant's condition says so; no reason for all others to stay at the version before. */
async function isLost(database: Knex, slug: string): Promise<boolean> {
  return !(await describeTenantPlace(database, slug)).schemaExists
}
