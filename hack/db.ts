/**
 * Migrations by hand, for developers and for emergencies; the operator and `npm start` migrate by themselves.
 *
 *   npm run db:status                  how far the control schema and every tenant's schema are
 *   npm run db:migrate                 brings all of them to this version
 *   npm run db:rollback -- --yes       undoes the newest migration of the control schema, with the data in it
 *   npm run db:rollback -- --yes acme  the same for one tenant's schema
 *
 * The database is DATABASE_URL, or the PG* variables. A control schema that is created here bears no ownership marker: a
 * RagPipeline takes it with selfrag.io/adopt: "true".
 */
import type { Knex } from 'knex'
import { parseArgs } from 'node:util'
import { parseConfiguration } from '../api/contract/configuration.ts'
import { migrateDatabase, MigrationRefused } from '../api/provisioning/migrate-database.ts'
import { databaseSettings, openDatabase } from '../api/stores/postgres/database.ts'
import {
  controlSchemaVersion,
  NewerSchema,
  rollbackControlSchema,
  rollbackTenantSchema,
  tenantSchemaVersion,
} from '../api/stores/postgres/migrator.ts'
import { forgetImage } from '../api/stores/postgres/schema-level.ts'
import {
  controlSchemaState,
  isUsable,
  type SchemaState,
  tenantSchemaState,
} from '../api/stores/postgres/schema-state.ts'
import { listTenants } from '../api/stores/postgres/tenants.ts'

const commands: Record<string, (database: Knex, tenant: string | undefined, sure: boolean) => Promise<void>> = {
  status,
  migrate,
  rollback,
}

async function status(database: Knex): Promise<void> {
  const control = controlSchemaState(await controlSchemaVersion(database))
  console.log(`control schema: ${describe(control)}`)
  if (!isUsable(control)) return
  const level = (await controlSchemaVersion(database)).level ?? null
  for (const { slug } of await listTenants(database))
    console.log(
      `tenant ${slug}: ${describe(tenantSchemaState({ ...(await tenantSchemaVersion(database, slug)), level }))}`,
    )
}

function describe(state: SchemaState): string {
  switch (state.state) {
    case 'current':
      return `current (${state.at})`
    case 'behind':
      return `behind: at ${state.from ?? 'nothing'}, this version needs ${state.to}`
    case 'ahead':
      return `a release newer than this version, which works with it: ${state.unknown.join(', ')}`
    case 'newer':
      return `newer than this version: ${state.unknown.join(', ')}`
  }
}

async function migrate(database: Knex): Promise<void> {
  const log = { info: () => undefined, warn: (fields: object, message: string) => console.error(message, fields) }
  const actor = { type: 'system', name: 'npm run db:migrate' } as const
  await migrateDatabase(database, { actor, owner: null, adopt: false, image: null, log })
  await status(database)
}

async function rollback(database: Knex, tenant: string | undefined, sure: boolean): Promise<void> {
  if (!sure) throw new Usage('a rollback deletes the data of what it undoes; add --yes when you mean it')
  const undone =
    tenant === undefined ? await rollbackControlSchema(database) : await rollbackTenantSchema(database, tenant)
  // Where an operator runs, the image's migration has to look at the schemas again.
  if (undone !== null && (await controlSchemaVersion(database)).applied?.length) await forgetImage(database)
  console.log(undone === null ? 'there is no migration to undo' : `undone: ${undone}`)
}

class Usage extends Error {}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { yes: { type: 'boolean', default: false } },
  })
  const [name = '', tenant] = positionals
  const command = commands[name]
  if (!command) throw new Usage(`usage: node hack/db.ts ${Object.keys(commands).join('|')} [tenant] [--yes]`)
  // The vectors are nobody's business here.
  const parsed = parseConfiguration({ ...process.env, VECTOR_ENGINE: 'pgvector' })
  if (!parsed.ok) throw new Usage(parsed.faults.join('\n'))
  const database = openDatabase(databaseSettings(parsed.configuration, 'selfrag-db'))
  try {
    await command(database, tenant, values.yes)
  } finally {
    await database.destroy()
  }
}

try {
  await main()
} catch (error) {
  const expected = error instanceof Usage || error instanceof NewerSchema || error instanceof MigrationRefused
  console.error(expected ? error.message : error)
  process.exitCode = 1
}
