import type { Knex } from 'knex'
import { isDeepStrictEqual } from 'node:util'
import { CONTROL_SCHEMA, tenantSchema } from '../../contract/names.ts'
import { controlMigrations } from './migrations/control/index.ts'
import type { Migration } from './migrations/migration.ts'
import { tenantMigrations } from './migrations/tenant/index.ts'
import { schemaOwner } from './ownership-comments.ts'
import { type Compatibility, readSchemaLevel, type SchemaLevel, writeSchemaLevel } from './schema-level.ts'
import { compareSchema, controlSchemaState, levelOf, type SchemaVersion } from './schema-state.ts'
import { enterTenant } from './tenant-scope.ts'

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

/** Inside the schema that it tells about, so that dropping the schema takes its history along. */
const MIGRATION_TABLE = 'migrations'

/**
 * Reads which migrations a schema has; needs no table to exist. The role of `sql` must be allowed to read it.
 * @param tables the schema's tables, where they are known already
 */
export async function schemaVersion(sql: Knex, schema: string, tables?: readonly string[]): Promise<SchemaVersion> {
  const present = tables?.includes(MIGRATION_TABLE) ?? (await hasMigrationTable(sql, schema))
  if (!present) return { applied: null }
  const applied = await sql(MIGRATION_TABLE).withSchema(schema).orderBy('id').pluck<string[]>('name')
  return { applied }
}

async function hasMigrationTable(sql: Knex, schema: string): Promise<boolean> {
  const { rows } = await sql.raw<{ rows: { present: boolean }[] }>('SELECT to_regclass(?) IS NOT NULL AS present', [
    `"${schema}".${MIGRATION_TABLE}`,
  ])
  return rows[0]?.present ?? false
}

/** With what is recorded there about all schemas. */
export async function controlSchemaVersion(sql: Knex): Promise<SchemaVersion> {
  const { applied } = await schemaVersion(sql, CONTROL_SCHEMA)
  return { applied, level: applied?.length ? await readSchemaLevel(sql) : null }
}

export function tenantSchemaVersion(database: Knex, slug: string): Promise<SchemaVersion> {
  return database.transaction(async sql => {
    await enterTenant(sql, slug)
    return schemaVersion(sql, tenantSchema(slug))
  })
}

/** Runs in the migrations' transaction, after them, and only when there were any. */
type AfterMigration = (sql: Knex.Transaction) => Promise<void>

/**
 * Creates the control schema when it is missing and brings it to this version, and records what this version works with.
 * One that is a release newer is left as it is.
 * @throws NewerSchema
 */
export async function migrateControlSchema(database: Knex, after?: AfterMigration): Promise<void> {
  await underLock(database, CONTROL_SCHEMA, async sql => {
    // Not CREATE SCHEMA IF NOT EXISTS, which asks for the right to create even when there is nothing to create.
    if (!(await schemaOwner(sql, CONTROL_SCHEMA)).exists) await sql.raw('CREATE SCHEMA ??', [CONTROL_SCHEMA])
    await sql.raw(`SET LOCAL search_path = "${CONTROL_SCHEMA}", pg_temp`)
    const version = await controlSchemaVersion(sql)
    const migrated = await latest(sql, CONTROL_SCHEMA, version, controlMigrations, version.level?.schemas.control)
    await recordLevel(sql, version)
    if (migrated) await after?.(sql)
  })
}

/** Until somebody has gone through all tenants, no image stands for what is recorded. */
async function recordLevel(sql: Knex.Transaction, version: SchemaVersion): Promise<void> {
  const before = version.level ?? null
  const own = levelOf(controlMigrations, tenantMigrations)
  const rolledBack = before !== null && controlSchemaState(version).state === 'ahead'
  const level: SchemaLevel = { ...own, ...(rolledBack && { schemas: before.schemas }), image: null }
  if (before && isDeepStrictEqual({ ...before, image: null }, level)) return
  await writeSchemaLevel(sql, level)
}

export interface TenantMigration {
  /** Names of the migrations that the schema is to have, all of them known here; absent: every one that this version has. */
  readonly target?: readonly string[] | undefined
  /** As recorded in the control schema, which a tenant cannot read. */
  readonly level?: SchemaLevel | null
  readonly after?: AfterMigration
}

/** Brings a tenant's schema, which must exist, to this version, as the tenant's role. @throws NewerSchema */
export async function migrateTenantSchema(
  database: Knex,
  slug: string,
  { target, level, after }: TenantMigration = {},
): Promise<void> {
  const wanted = target ? tenantMigrations.filter(({ name }) => target.includes(name)) : tenantMigrations
  await underLock(database, tenantSchema(slug), async sql => {
    await enterTenant(sql, slug)
    const version = await schemaVersion(sql, tenantSchema(slug))
    if (await latest(sql, tenantSchema(slug), version, wanted, level?.schemas.tenant)) await after?.(sql)
  })
}

/**
 * Makes an empty schema what it was when a backup was taken, in the caller's transaction, whose search path it is.
 * @throws NewerSchema when one of the migrations is not known here
 */
export async function buildSchema(
  sql: Knex.Transaction,
  schema: string,
  kind: 'control' | 'tenant',
  names: readonly string[],
): Promise<void> {
  const known = kind === 'control' ? controlMigrations : tenantMigrations
  const unknown = names.filter(name => !known.some(migration => migration.name === name))
  if (unknown.length > 0) throw new NewerSchema(schema, unknown)
  const wanted = known.filter(({ name }) => names.includes(name))
  if (wanted.length > 0) await sql.migrate.latest(migratorConfig(schema, wanted))
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
async function latest(
  sql: Knex.Transaction,
  schema: string,
  version: SchemaVersion,
  migrations: readonly Migration[],
  record: Compatibility | undefined,
): Promise<boolean> {
  const state = compareSchema(version, migrations, record)
  if (state.state === 'newer') throw new NewerSchema(schema, state.unknown)
  if (state.state === 'behind') await sql.migrate.latest(migratorConfig(schema, migrations))
  return state.state === 'behind'
}

async function down(sql: Knex.Transaction, schema: string, migrations: readonly Migration[]): Promise<string | null> {
  const version = await schemaVersion(sql, schema)
  const state = compareSchema(version, migrations, undefined)
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
