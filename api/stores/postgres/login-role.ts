import type { Knex } from 'knex'

/** Whom the product connects as, and what that role may do. */
export interface LoginRole {
  readonly role: string
  readonly database: string
  /** Major version, such as 17. */
  readonly serverVersion: number
  readonly mayCreateRoles: boolean
  readonly mayCreateSchemas: boolean
}

/** One read of the catalogue, which every role may. */
export async function describeLogin(sql: Knex): Promise<LoginRole> {
  const { rows } = await sql.raw<{ rows: LoginRole[] }>(`
    SELECT session_user AS role,
           current_database() AS database,
           current_setting('server_version_num')::int / 10000 AS "serverVersion",
           rolsuper OR rolcreaterole AS "mayCreateRoles",
           has_database_privilege(session_user, current_database(), 'CREATE') AS "mayCreateSchemas"
      FROM pg_roles WHERE rolname = session_user`)
  const row = rows[0]
  if (!row) throw new Error('the database does not know the role that it was connected to with')
  return row
}
