import type { Knex } from 'knex'
import { tenantRole } from '../../api/contract/names.ts'

/** Leaves a database as if the product had never been there: no schema, and no role of a tenant. */
export async function dropProductSchemas(database: Knex): Promise<void> {
  const schemas = await database.raw<{ rows: { name: string; owner: string; database: string }[] }>(
    `SELECT nspname AS name, pg_get_userbyid(nspowner) AS owner, current_database() AS database
       FROM pg_namespace WHERE nspname ~ '^(selfrag|tenant_|snapshot_)'`,
  )
  for (const { name, owner } of schemas.rows)
    await database.transaction(async sql => {
      // The product's role does not inherit what its tenants may.
      await sql.raw('SET LOCAL ROLE ??', [owner])
      await sql.raw('DROP SCHEMA ?? CASCADE', [name])
    })
  const suffix = tenantRole('any', schemas.rows[0]?.database ?? '').slice(-8)
  const roles = await database.raw<{ rows: { name: string }[] }>(
    `SELECT rolname AS name FROM pg_roles WHERE starts_with(rolname, 'tenant_') AND right(rolname, 8) = ?`,
    [suffix],
  )
  for (const { name } of roles.rows) await database.raw('DROP ROLE ??', [name])
}
