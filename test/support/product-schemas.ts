import type { Knex } from 'knex'

/** Leaves a database that several suites share (PGlite has one only) as if the product had never been there. */
export async function dropProductSchemas(database: Knex): Promise<void> {
  const { rows } = await database.raw<{ rows: { name: string }[] }>(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname ~ '^(selfrag|tenant_|snapshot_)'`,
  )
  for (const { name } of rows) await database.raw('DROP SCHEMA ?? CASCADE', [name])
  const roles = await database.raw<{ rows: { name: string }[] }>(
    `SELECT rolname AS name FROM pg_roles WHERE rolname ~ '^tenant_'`,
  )
  for (const { name } of roles.rows) await database.raw('DROP ROLE ??', [name])
}
