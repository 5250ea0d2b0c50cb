import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import type { Distance } from '../../../contract/fingerprint.ts'
import { VECTOR_SCHEMA } from '../../../contract/names.ts'
import type { Owner } from '../../../contract/ownership.ts'
import type { HnswSettings } from '../vector-store.ts'

export const COLLECTIONS = `${VECTOR_SCHEMA}.collections`
export const ALIASES = `${VECTOR_SCHEMA}.aliases`

/** sparsevec came with 0.7. */
const OLDEST = [0, 7] as const

export interface CollectionRow {
  readonly name: string
  readonly table_name: string
  /** Null in lexical mode. */
  readonly dimension: number | null
  readonly distance: Distance | null
  readonly hnsw: HnswSettings
  readonly tenancy: 'shared' | 'dedicated'
  readonly owner: Owner
  readonly fingerprint: string
}

/** What a table is called: readable, and within Postgres' 63 bytes with the suffix of an index, whatever the name. */
export function tableName(collection: string): string {
  const digest = createHash('sha256').update(collection).digest('hex').slice(0, 8)
  return `v_${collection.slice(0, 32)}_${digest}`
}

export function qualified(row: Pick<CollectionRow, 'table_name'>): string {
  return `${VECTOR_SCHEMA}.${row.table_name}`
}

/** The collection of that name, or the one behind the alias; undefined when there is none. */
export async function findCollection(sql: Knex, name: string): Promise<CollectionRow | undefined> {
  const { rows } = await sql.raw<{ rows: CollectionRow[] }>(
    `SELECT name, table_name, dimension, distance, hnsw, tenancy, owner, fingerprint FROM ?? WHERE name = ?
     UNION ALL
     SELECT c.name, table_name, dimension, distance, hnsw, tenancy, owner, fingerprint FROM ?? c JOIN ?? a USING (name) WHERE a.alias = ?`,
    [COLLECTIONS, name, COLLECTIONS, ALIASES, name],
  )
  return rows[0]
}

/**
 * Makes the schema, the extension and the registry where they are missing. Inside the caller's transaction, which it
 * serialises against others that do the same: IF NOT EXISTS alone fails when two come at once.
 * @throws Error that says what to run when pgvector is not installed
 */
export async function prepareRegistry(sql: Knex.Transaction): Promise<void> {
  await sql.raw('SELECT pg_advisory_xact_lock(hashtext(?))', [VECTOR_SCHEMA])
  await sql.raw('CREATE SCHEMA IF NOT EXISTS ??', [VECTOR_SCHEMA])
  await requireExtension(sql)
  await sql.raw(
    `CREATE TABLE IF NOT EXISTS ?? (
       name text PRIMARY KEY,
       table_name text NOT NULL UNIQUE,
       dimension int,
       distance text,
       hnsw jsonb NOT NULL,
       tenancy text NOT NULL,
       owner jsonb NOT NULL,
       fingerprint text NOT NULL,
       created_at timestamptz NOT NULL DEFAULT now()
     )`,
    [COLLECTIONS],
  )
  await sql.raw(
    'CREATE TABLE IF NOT EXISTS ?? (alias text PRIMARY KEY, name text NOT NULL REFERENCES ?? ON DELETE CASCADE)',
    [ALIASES, COLLECTIONS],
  )
}

async function requireExtension(sql: Knex.Transaction): Promise<void> {
  if ((await extensionVersion(sql)) === null) await installExtension(sql)
  const version = (await extensionVersion(sql)) ?? ''
  const [major = NaN, minor = NaN] = version.split('.').map(Number)
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    throw new Error(
      `pgvector is version ${version}; ${OLDEST.join('.')} or newer is needed: upgrade it and run ALTER EXTENSION vector UPDATE`,
    )
}

async function installExtension(sql: Knex.Transaction): Promise<void> {
  try {
    // A savepoint, so that the transaction can still say which database it is in.
    await sql.transaction(inner => inner.raw('CREATE EXTENSION IF NOT EXISTS vector'))
  } catch (cause) {
    const { rows } = await sql.raw<{ rows: { name: string }[] }>('SELECT current_database() AS name')
    throw new Error(
      `the extension "vector" (pgvector) is missing in database ${rows[0]?.name ?? ''} and could not be created ` +
        `(${(cause as Error).message}); install pgvector ${OLDEST.join('.')} or newer on the server and run there, ` +
        `as a superuser: CREATE EXTENSION vector`,
      { cause },
    )
  }
}

/** `0.8.1`; null when pgvector is not installed in this database. */
export async function extensionVersion(sql: Knex): Promise<string | null> {
  const { rows } = await sql.raw<{ rows: { extversion: string }[] }>(
    `SELECT extversion FROM pg_extension WHERE extname = 'vector'`,
  )
  return rows[0]?.extversion ?? null
}
