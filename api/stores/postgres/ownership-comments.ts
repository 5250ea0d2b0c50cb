import type { Knex } from 'knex'
import { formatOwner, type Owner, parseOwner } from '../../contract/ownership.ts'

/** Whether a schema is there, and the marker in its comment. Needs no privilege on it. */
export async function schemaOwner(sql: Knex, schema: string): Promise<{ exists: boolean; owner: Owner | null }> {
  const { rows } = await sql.raw<{ rows: { comment: string | null }[] }>(
    `SELECT obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname = ?`,
    [schema],
  )
  return { exists: rows.length > 0, owner: parseOwner(rows[0]?.comment) }
}

/** As the schema's owner. */
export async function setSchemaOwner(sql: Knex, schema: string, owner: Owner): Promise<void> {
  await setSchemaComment(sql, schema, formatOwner(owner))
}

/** COMMENT takes no parameters, so the server quotes the text. */
export async function setSchemaComment(sql: Knex, schema: string, comment: string): Promise<void> {
  const { rows } = await sql.raw<{ rows: { statement: string }[] }>(
    `SELECT format('COMMENT ON SCHEMA %I IS %L', ?::text, ?::text) AS statement`,
    [schema, comment],
  )
  await sql.raw(escapeBindings(rows[0]?.statement ?? ''))
}

/** knex takes `?` for a parameter. */
function escapeBindings(statement: string): string {
  return statement.replaceAll('?', '\\?')
}
