import type { Knex } from 'knex'
import { CONTROL_SCHEMA, QUEUE_SCHEMA, VECTOR_SCHEMA, tenantSchema } from '../contract/names.ts'
import { copyIn } from '../stores/postgres/copy.ts'
import { buildSchema } from '../stores/postgres/migrator.ts'
import { schemaOwner, setSchemaOwner } from '../stores/postgres/ownership-comments.ts'
import { createTenantSchema, describeTenantPlace, dropTenantSchema, ensureTenantRole } from '../stores/postgres/tenant-roles.ts' // prettier-ignore
import { enterTenant, leaveTenant } from '../stores/postgres/tenant-scope.ts'
import { listTenants } from '../stores/postgres/tenants.ts'
import { BackupDamaged } from './file-writer.ts'
import type { BackupFile, Manifest } from './manifest.ts'
import { renamed } from './renamed.ts'

/** Something of the place that is restored to forbids it; nothing was changed. */
export class RestoreRefused extends Error {
  override readonly name = 'RestoreRefused'
}

/** What a file was before it was sealed. */
export type OpenFile = (file: BackupFile) => Promise<NodeJS.ReadableStream>

export interface RowTarget {
  readonly database: Knex
  /** Beginning of the names of collections here. */
  readonly collectionPrefix: string
  /** Deletes the control schema and the tenants that are there. */
  readonly replace: boolean
}

/**
 * Puts the rows back, in one transaction: afterwards everything is there, or nothing has changed. Gives how many rows.
 * @param beforeCommit what else has to succeed
 * @throws RestoreRefused, NewerSchema, BackupDamaged when the files hold other rows than the manifest says
 */
export async function restoreRows(
  target: RowTarget,
  manifest: Manifest,
  open: OpenFile,
  beforeCommit: () => Promise<void>,
): Promise<number> {
  return target.database.transaction(async sql => {
    await makeRoom(sql, target, manifest)
    await sql.raw('CREATE SCHEMA ??', [CONTROL_SCHEMA])
    await sql.raw(`SET LOCAL search_path = "${CONTROL_SCHEMA}", pg_temp`)
    await buildSchema(sql, CONTROL_SCHEMA, 'control', manifest.control.migrations)
    if (manifest.control.owner) await setSchemaOwner(sql, CONTROL_SCHEMA, manifest.control.owner)
    let rows = await fill(sql, CONTROL_SCHEMA, filesOf(manifest, null), open)
    for (const { slug, owner, migrations } of manifest.tenants) {
      await restoreSchema(sql, slug, owner, migrations)
      rows += await fill(sql, tenantSchema(slug), filesOf(manifest, slug), open)
      await leaveTenant(sql)
    }
    await continueCounters(sql)
    await rename(sql, manifest.collectionPrefix, target.collectionPrefix)
    await beforeCommit()
    return rows
  })
}

async function makeRoom(sql: Knex.Transaction, { replace }: RowTarget, manifest: Manifest): Promise<void> {
  const { exists } = await schemaOwner(sql, CONTROL_SCHEMA)
  const places = await Promise.all(manifest.tenants.map(({ slug }) => describeTenantPlace(sql, slug)))
  const taken = places.filter(({ schemaExists }) => schemaExists).map(({ schema }) => schema)
  if (!exists && taken.length === 0) return
  if (!replace)
    throw new RestoreRefused(`the database is not empty: it has the schemas ${[...(exists ? [CONTROL_SCHEMA] : []), ...taken].join(', ')}; restore into an empty database, or say --replace to delete what is there`) // prettier-ignore
  const slugs = new Set([...(exists ? (await listTenants(sql)).map(({ slug }) => slug) : []), ...manifest.tenants.map(({ slug }) => slug)]) // prettier-ignore
  for (const slug of slugs) {
    const place = await describeTenantPlace(sql, slug)
    if (!place.schemaExists) continue
    await ensureTenantRole(sql, place)
    await dropTenantSchema(sql, slug)
  }
  await sql.raw('DROP SCHEMA IF EXISTS ?? CASCADE', [QUEUE_SCHEMA])
  await sql.raw('DROP SCHEMA IF EXISTS ?? CASCADE', [CONTROL_SCHEMA])
}

/** Role and empty schema of a tenant; the transaction is the tenant's afterwards. */
export async function restoreSchema(
  sql: Knex.Transaction,
  slug: string,
  owner: Manifest['tenants'][number]['owner'],
  migrations: readonly string[],
): Promise<void> {
  const place = await describeTenantPlace(sql, slug)
  await ensureTenantRole(sql, place)
  await createTenantSchema(sql, slug, place.role, owner ?? { cluster: 'api', uid: slug })
  await enterTenant(sql, slug)
  await buildSchema(sql, tenantSchema(slug), 'tenant', migrations)
}

/** Tables in the order in which they were written: each after those that it refers to. */
export async function fill(
  sql: Knex.Transaction,
  schema: string,
  files: readonly RowFile[],
  open: OpenFile,
): Promise<number> {
  let all = 0
  for (const file of files) {
    const { table, columns, rows } = file.content
    const found = await copyIn(sql, { schema, table, columns }, await open(file))
    if (found !== rows)
      throw new BackupDamaged(`${file.path} has ${found} rows, and the manifest says ${rows}; use another backup`)
    all += found
  }
  return all
}

export type RowFile = BackupFile & { readonly content: Extract<BackupFile['content'], { kind: 'rows' }> }

/** @param tenant slug; null for the control schema */
export function filesOf(manifest: Manifest, tenant: string | null): RowFile[] {
  return manifest.files.filter((file): file is RowFile => file.content.kind === 'rows' && file.content.tenant === tenant)
} // prettier-ignore

/** Identity columns go on after the highest number that was restored. */
async function continueCounters(sql: Knex.Transaction): Promise<void> {
  await sql.raw(`SET LOCAL search_path = "${CONTROL_SCHEMA}", pg_temp`)
  const { rows } = await sql.raw<{ rows: { table: string; column: string }[] }>(
    `SELECT c.relname AS table, a.attname AS column
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = ? AND c.relkind = 'r' AND a.attidentity <> '' AND NOT a.attisdropped
        AND c.relname NOT LIKE 'migrations%'`,
    [CONTROL_SCHEMA],
  )
  for (const { table, column } of rows)
    await sql.raw(`SELECT setval(pg_get_serial_sequence(?, ?), coalesce(max(??), 0) + 1, false) FROM ??`, [`${CONTROL_SCHEMA}.${table}`, column, column, table]) // prettier-ignore
}

/** Where collections are called otherwise than in the backup. */
async function rename(sql: Knex.Transaction, from: string, to: string): Promise<void> {
  if (from === to) return
  const set = (table: string, column: string, key: string) => renameColumn(sql, { table, column, key, from, to })
  await set('tenants', 'collection', 'id')
  await set('embedding_generations', 'alias', 'collection')
  await set('embedding_generations', 'collection', 'collection')
}

async function renameColumn(
  sql: Knex.Transaction,
  { table, column, key, from, to }: { table: string; column: string; key: string; from: string; to: string },
): Promise<void> {
  const rows = await sql(table).withSchema(CONTROL_SCHEMA).select<Record<string, string>[]>(key, column)
  for (const row of rows)
    await sql(table).withSchema(CONTROL_SCHEMA).where({ [key]: row[key] }).update({ [column]: renamed(row[column] ?? '', from, to) }) // prettier-ignore
}

/** Of the pgvector engine, into a collection that is there and empty. */
export async function restoreVectorRows(
  database: Knex,
  file: BackupFile & { readonly content: Extract<BackupFile['content'], { kind: 'vector-rows' }> },
  table: string,
  open: OpenFile,
): Promise<void> {
  const { columns, rows } = file.content
  await database.transaction(async sql => {
    const found = await copyIn(sql, { schema: VECTOR_SCHEMA, table, columns }, await open(file))
    if (found !== rows) throw new BackupDamaged(`${file.path} has ${found} rows, and the manifest says ${rows}`)
  })
}
