import type { Knex } from 'knex'
import { ARCHIVE_PREFIX, CONTROL_SCHEMA, QUEUE_SCHEMA, tenantSchema, VECTOR_SCHEMA } from '../contract/names.ts'
import type { Reach } from './isolation-reach.ts'
import { relationsOf } from '../stores/postgres/relations-of-schema.ts'
import { enterTenant } from '../stores/postgres/tenant-scope.ts'

/** Something that a tenant's role must be refused. */
interface Attempt {
  readonly what: string
  /** Slug of the tenant whose it is; null: nobody's. */
  readonly tenant: string | null
  readonly sql: string
  /** Search path that it is tried with; a schema that may not be used is passed over, so that no table is found. */
  readonly path?: string
}

export interface AttemptsProof {
  readonly attempts: number
  /** What was not refused. */
  readonly reached: readonly Reach[]
  /** Slug of the tenant that was tried; null when there is no other one. */
  readonly neighbour: string | null
}

/**
 * Tries, as the tenant's role, to read and change what is not its own, and sees whether Postgres refuses. Its own schema
 * is read first, so that a refusal of everything does not look like isolation. Each attempt is undone whether it was
 * refused or not, and would touch no row if it were not.
 * @throws the database's error when it cannot be tried: the tenant is not provisioned, the server is away
 */
export async function attemptForeignSql(database: Knex, slug: string): Promise<AttemptsProof> {
  const { neighbour, tables } = await foreignTables(database, slug)
  const attempts = [
    ...tables.flatMap(attemptsOn),
    ...attemptsOnDatabase,
    ...(neighbour ? attemptsInside(neighbour) : []),
  ]
  const reached = await database.transaction(async sql => {
    await enterTenant(sql, slug)
    await sql('knowledge_bases').select(sql.raw('1')).limit(1)
    await sql.raw(`SELECT set_config('selfrag.attempts', ?, true)`, [JSON.stringify(attempts)])
    await sql.raw(TRY_ALL)
    const { rows } = await sql.raw<{ rows: { reached: Attempt[] }[] }>(`SELECT current_setting('selfrag.reached')::jsonb AS reached`) // prettier-ignore
    return rows[0]?.reached ?? []
  })
  return {
    attempts: attempts.length,
    reached: reached.map(({ what, tenant }) => ({ way: 'SQL', what, tenant })),
    neighbour: neighbour?.tenant ?? null,
  }
}

interface ForeignSchema {
  readonly schema: string
  /** Slug of the tenant whose it is; null: the product's, an archive's. */
  readonly tenant: string | null
}

interface ForeignTable extends ForeignSchema {
  readonly table: string
}

/**
 * One table of each kind of place: of a neighbour (the next one in the alphabet, so that the checks of all tenants together
 * try all of them), of an archive, of the control schema, of the queue, of the vectors.
 */
async function foreignTables(
  database: Knex,
  slug: string,
): Promise<{ tables: readonly ForeignTable[]; neighbour: ForeignSchema | null }> {
  const own = tenantSchema(slug)
  const { rows } = await database.raw<{ rows: (ForeignSchema & { tables: string[] })[] }>(
    `SELECT n.nspname AS schema, t.slug AS tenant, array_agg(c.relname::text ORDER BY c.relname) AS tables
       FROM pg_namespace n LEFT JOIN ${CONTROL_SCHEMA}.tenants t ON t.schema_name = n.nspname,
            LATERAL ${relationsOf('n.oid')} c
      WHERE c.relkind IN ('r', 'p') AND (n.nspname = ANY (:ours::text[])
         OR n.nspname = coalesce(
              (SELECT min(nspname::text) FROM pg_namespace WHERE nspname LIKE 'tenant\\_%' AND nspname::text > :own),
              (SELECT min(nspname::text) FROM pg_namespace WHERE nspname LIKE 'tenant\\_%' AND nspname <> :own))
         OR n.nspname = (SELECT min(nspname::text) FROM pg_namespace WHERE nspname LIKE :archives))
      GROUP BY 1, 2`,
    { own, ours: [CONTROL_SCHEMA, QUEUE_SCHEMA, VECTOR_SCHEMA], archives: `${ARCHIVE_PREFIX.replace('_', '\\_')}%` },
  )
  const tables = rows.flatMap(({ schema, tenant, tables: names }): ForeignTable[] =>
    chosen(schema, names).map(table => ({ schema, tenant, table })),
  )
  return { tables, neighbour: rows.find(({ schema }) => schema.startsWith('tenant_')) ?? null }
}

function chosen(schema: string, tables: readonly string[]): string[] {
  if (schema === CONTROL_SCHEMA) return ['api_keys', 'tenants', 'system_config'].filter(name => tables.includes(name))
  if (schema === VECTOR_SCHEMA) return tables.slice(0, 3)
  const best = ['documents', 'document_sources'].filter(name => tables.includes(name))
  return best.length > 0 ? best : tables.slice(0, 1)
}

/** Rights are checked before the condition is looked at, so that `false` changes nothing of the answer. */
function attemptsOn({ schema, tenant, table }: ForeignTable): Attempt[] {
  const name = `${quoted(schema)}.${quoted(table)}`
  const attempts = [
    { what: `read ${schema}.${table}`, sql: `SELECT FROM ${name} LIMIT 1` },
    { what: `insert into ${schema}.${table}`, sql: `INSERT INTO ${name} DEFAULT VALUES` },
    { what: `update ${schema}.${table}`, sql: `SELECT FROM ${name} WHERE false FOR UPDATE` },
    { what: `delete from ${schema}.${table}`, sql: `DELETE FROM ${name} WHERE false` },
  ]
  return attempts.map(attempt => ({ ...attempt, tenant }))
}

function attemptsInside({ schema, tenant }: ForeignSchema): Attempt[] {
  const inside = quoted(schema)
  const attempts = [
    { what: `create a table in ${schema}`, sql: `CREATE TABLE ${inside}.selfrag_canary ()` },
    { what: `change a table of ${schema}`, sql: `COMMENT ON TABLE ${inside}.documents IS 'canary'` },
    { what: `read ${schema} by search path`, sql: 'SELECT FROM documents LIMIT 1', path: inside },
  ]
  return attempts.map(attempt => ({ ...attempt, tenant }))
}

const attemptsOnDatabase: readonly Attempt[] = [
  { what: 'create a schema', tenant: null, sql: 'CREATE SCHEMA selfrag_canary' },
  { what: 'create a role', tenant: null, sql: 'CREATE ROLE selfrag_canary' },
]

/**
 * SF001 undoes what was not refused. What is not there is either hidden by the search path or was dropped since it was
 * looked up. Any other error ends the check: it says nothing about isolation.
 */
const TRY_ALL = `
  DO $canary$
  DECLARE
    attempt jsonb;
    reached jsonb := '[]';
  BEGIN
    FOR attempt IN SELECT * FROM jsonb_array_elements(current_setting('selfrag.attempts')::jsonb) LOOP
      BEGIN
        IF attempt ->> 'path' IS NOT NULL THEN
          PERFORM set_config('search_path', attempt ->> 'path', true);
        END IF;
        EXECUTE attempt ->> 'sql';
        RAISE EXCEPTION USING ERRCODE = 'SF001';
      EXCEPTION
        WHEN insufficient_privilege OR undefined_table OR invalid_schema_name THEN NULL;
        WHEN integrity_constraint_violation OR SQLSTATE 'SF001' THEN
          reached := reached || jsonb_build_array(attempt);
      END;
    END LOOP;
    PERFORM set_config('selfrag.reached', reached::text, true);
  END $canary$`

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}
