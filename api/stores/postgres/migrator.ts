import type { Knex } from 'knex'
import { CONTROL_SCHEMA, tenantSchema } from '../../contract/names.ts'
import { controlMigrations } from './migrations/control/index.ts'
import { tenantMigrations } from './migrations/tenant/index.ts'
import { schemaOwner } from './ownership-comments.ts'
import { enterTenant } from './tenant-scope.ts'

export interface Migration {
  readonly name: string
  up(knex: Knex): Promise<void>
  down(knex: Knex): Promise<void>
}

/** A schema bears migrations that this version does not know: a newer version has been here. */
export class NewerSchema extends Error {
  override readonly name = 'NewerSchema'
  constructor(schema: string, unknown: readonly string[]) {
    super(
      `schema ${schema} has migrations that this version does not know (${unknown.join(', ')}); ` +
        'run the version that made them, or a newer one',
    )
  }
}

/** How far a schema is: `applied` in the order in which they ran; null when the schema was never migrated. */
export interface SchemaVersion {
  readonly applied: readonly string[] | null
}

/** What is to be done with a schema whose migrations are `applied`. Pure. */
export type SchemaState =
  | { readonly state: 'current'; readonly at: string }
  | { readonly state: 'behind'; readonly from: string | null; readonly to: string }
  | { readonly state: 'newer'; readonly unknown: readonly string[] }

export function controlSchemaState(version: SchemaVersion): SchemaState {
  return compare(version, controlMigrations)
}

export function tenantSchemaState(version: SchemaVersion): SchemaState {
  return compare(version, tenantMigrations)
}

function compare({ applied }: SchemaVersion, known: readonly Migration[]): SchemaState {
  const names = known.map(migration => migration.name)
  const done = applied ?? []
  const unknown = done.filter(name => !names.includes(name))
  if (unknown.length > 0) return { state: 'newer', unknown }
  const to = names.at(-1) ?? ''
  return names.every(name => done.includes(name))
    ? { state: 'current', at: to }
    : { state: 'behind', from: done.at(-1) ?? null, to }
}

/** Inside the schema that it tells about, so that dropping the schema takes its history along. */
const MIGRATION_TABLE = 'migrations'

/** Reads which migrations a schema has; needs no table to exist. The role of `sql` must be allowed to read it. */
export async function schemaVersion(sql: Knex, schema: string): Promise<SchemaVersion> {
  const found = await sql.raw<{ rows: { present: boolean }[] }>('SELECT to_regclass(?) IS NOT NULL AS present', [
    `"${schema}".${MIGRATION_TABLE}`,
  ])
  if (!found.rows[0]?.present) return { applied: null }
  const applied = await sql(MIGRATION_TABLE).withSchema(schema).orderBy('id').pluck<string[]>('name')
  return { applied }
}

export function controlSchemaVersion(database: Knex): Promise<SchemaVersion> {
  return schemaVersion(database, CONTROL_SCHEMA)
}

export function tenantSchemaVersion(database: Knex, slug: string): Promise<SchemaVersion> {
  return database.transaction(async sql => {
    await enterTenant(sql, slug)
    return schemaVersion(sql, tenantSchema(slug))
  })
}

/** Runs in the migrations' transaction, after them, and only when there were any. */
type AfterMigration = (sql: Knex.Transaction) => Promise<void>

/** Creates the control schema when it is missing and brings it to this version. @throws NewerSchema */
export async function migrateControlSchema(database: Knex, after?: AfterMigration): Promise<void> {
  await underLock(database, CONTROL_SCHEMA, async sql => {
    // Not CREATE SCHEMA IF NOT EXISTS, which asks for the right to create even when there is nothing to create.
    if (!(await schemaOwner(sql, CONTROL_SCHEMA)).exists) await sql.raw('CREATE SCHEMA ??', [CONTROL_SCHEMA])
    await sql.raw(`SET LOCAL search_path = "${CONTROL_SCHEMA}", pg_temp`)
    if (await latest(sql, CONTROL_SCHEMA, controlMigrations)) await after?.(sql)
  })
}

/** Brings a tenant's schema, which must exist, to this version, as the tenant's role. @throws NewerSchema */
export async function migrateTenantSchema(database: Knex, slug: string, after?: AfterMigration): Promise<void> {
  await underLock(database, tenantSchema(slug), async sql => {
    await enterTenant(sql, slug)
    if (await latest(sql, tenantSchema(slug), tenantMigrations)) await after?.(sql)
  })
}

/** Undoes the newest migration of the control schema, data and all; gives its name, null when there is none. */
export async function rollbackControlSchema(database: Knex): Promise<string | null> {
  return underLock(database, CONTROL_SCHEMA, async sql => {
    await sql.raw(`SET LOCAL search_path = "${CONTROL_SCHEMA}", pg_temp`)
    return down(sql, CONTROL_SCHEMA, controlMigrations)
  })
}

/** Undoes the newest migration of a tenant's schema, data and all; gives its name, null when there is none. */
export async function rollbackTenantSchema(database: Knex, slug: string): Promise<string | null> {
  return underLock(database, tenantSchema(slug), async sql => {
    await enterTenant(sql, slug)
    return down(sql, tenantSchema(slug), tenantMigrations)
  })
}

/** Any constant that no other application on the server uses by accident. */
const LOCK_SPACE = 0x5e1f_7a6

/**
 * One transaction for everything, with a lock that ends with it: of twenty that start together, one migrates and nineteen
 * find nothing to do, and a crash leaves neither a half-migrated schema nor a lock behind.
 */
function underLock<T>(database: Knex, schema: string, work: (sql: Knex.Transaction) => Promise<T>): Promise<T> {
  return database.transaction(async sql => {
    await sql.raw('SELECT pg_advisory_xact_lock(?, hashtext(?))', [LOCK_SPACE, schema])
    return work(sql)
  })
}

/** Gives whether there was anything to do. */
async function latest(sql: Knex.Transaction, schema: string, migrations: readonly Migration[]): Promise<boolean> {
  const state = compare(await schemaVersion(sql, schema), migrations)
  if (state.state === 'newer') throw new NewerSchema(schema, state.unknown)
  if (state.state === 'behind') await sql.migrate.latest(migratorConfig(schema, migrations))
  return state.state === 'behind'
}

async function down(sql: Knex.Transaction, schema: string, migrations: readonly Migration[]): Promise<string | null> {
  const version = await schemaVersion(sql, schema)
  const state = compare(version, migrations)
  if (state.state === 'newer') throw new NewerSchema(schema, state.unknown)
  const newest = version.applied?.at(-1)
  if (newest === undefined) return null
  await sql.migrate.down(migratorConfig(schema, migrations))
  return newest
}

function migratorConfig(schema: string, migrations: readonly Migration[]): Knex.MigratorConfig {
  return {
    schemaName: schema,
    tableName: MIGRATION_TABLE,
    // All of it is in one transaction already.
    disableTransactions: true,
    migrationSource: {
      getMigrations: () => Promise.resolve([...migrations]),
      getMigrationName: (migration: Migration) => migration.name,
      getMigration: (migration: Migration) => Promise.resolve(migration),
    },
  }
}
