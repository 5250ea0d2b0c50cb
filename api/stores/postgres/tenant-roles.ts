import type { Knex } from 'knex'
import { tenantRole, tenantSchema } from '../../contract/names.ts'
import { type Owner, parseOwner } from '../../contract/ownership.ts'
import { ARCHIVED_POINTS } from './archived-points.ts'
import { databaseFault } from './database-errors.ts'
import { relationsOf } from './relations-of-schema.ts'
import { setSchemaOwner } from './ownership-comments.ts'
import { enterTenant, leaveTenant } from './tenant-scope.ts'

/** A tenant's role and schema as the server's catalogue has them. */
export interface TenantPlace {
  readonly loginRole: string
  readonly role: string
  readonly roleExists: boolean
  /** Whether the product's role can `SET ROLE` to it. */
  readonly granted: boolean
  /** Attributes that a tenant's role must not have: LOGIN, SUPERUSER, … */
  readonly excess: readonly string[]
  readonly schema: string
  readonly schemaExists: boolean
  readonly schemaOwner: string | null
  readonly marker: Owner | null
  readonly tables: readonly string[]
  /** Tables of other roles in it. */
  readonly strayTables: readonly string[]
  readonly public: boolean
  /**
   * Whether somebody but its owners has been given anything of it, or its role anything of others: where that is not so,
   * which is nearly always, strayTenantGrants would find nothing, and costs as much as all the rest.
   */
  readonly given: boolean
}

/** One read of the catalogue, which every role may. */
export async function describeTenantPlace(sql: Knex, slug: string): Promise<TenantPlace> {
  const schema = tenantSchema(slug)
  const { rows } = await sql.raw<{ rows: PlaceRow[] }>(DESCRIBE, { schema })
  const row = rows[0]
  if (!row) throw new Error('the database gave no row about the tenant')
  return {
    loginRole: row.login,
    role: tenantRole(slug, row.database),
    roleExists: row.role_exists,
    granted: row.granted ?? false,
    excess: row.excess,
    schema,
    schemaExists: row.schema_owner !== null,
    schemaOwner: row.schema_owner,
    marker: parseOwner(row.comment),
    tables: row.tables,
    strayTables: row.stray_tables,
    public: row.public ?? false,
    given: row.given,
  }
}

interface PlaceRow {
  login: string
  database: string
  role_exists: boolean
  granted: boolean | null
  excess: string[]
  schema_owner: string | null
  comment: string | null
  tables: string[]
  stray_tables: string[]
  public: boolean | null
  given: boolean
}

// Before Postgres 16 every member could SET ROLE; since then it is a privilege of its own, and the creator lacks it.
const DESCRIBE = `
  WITH names AS (SELECT :schema || '_' || left(encode(sha256(convert_to(current_database(), 'UTF8')), 'hex'), 7) AS role)
  SELECT session_user AS login,
         current_database() AS database,
         r.oid IS NOT NULL AS role_exists,
         pg_has_role(session_user, r.oid,
           CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) AS granted,
         array_remove(ARRAY[
           CASE WHEN r.rolcanlogin THEN 'LOGIN' END, CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
           CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
           CASE WHEN r.rolreplication THEN 'REPLICATION' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END
         ], NULL) AS excess,
         pg_get_userbyid(n.nspowner) AS schema_owner,
         obj_description(n.oid, 'pg_namespace') AS comment,
         coalesce(relations.tables, '{}') AS tables,
         coalesce(relations.stray, '{}') AS stray_tables,
         has_schema_privilege('public', n.oid, 'USAGE') AS public,
         coalesce(relations.given, false)
           OR EXISTS (SELECT FROM aclexplode(n.nspacl) a WHERE a.grantee <> n.nspowner)
           OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
           OR EXISTS (SELECT FROM pg_auth_members m
                       WHERE m.roleid = r.oid AND m.member <> quote_ident(session_user)::regrole)
           OR EXISTS (SELECT FROM pg_shdepend d
                       WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype = 'a') AS given
    FROM names
    LEFT JOIN pg_roles r ON r.rolname = names.role
    LEFT JOIN pg_namespace n ON n.nspname = :schema
    LEFT JOIN LATERAL (
      SELECT array_agg(c.relname::text) FILTER (WHERE c.relkind IN ('r', 'p')) AS tables,
             array_agg(c.relname::text ORDER BY c.relname)
               FILTER (WHERE c.relkind IN ('r', 'p', 'v', 'm') AND c.relowner IS DISTINCT FROM r.oid) AS stray,
             bool_or(EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee <> c.relowner)) AS given
        FROM ${relationsOf('n.oid')} c) relations ON true`

/** The role of a tenant, which the product's role can switch to but whose rights it does not have by itself. */
export async function ensureTenantRole(sql: Knex, place: Pick<TenantPlace, 'role' | 'loginRole'>): Promise<void> {
  try {
    // EXECUTE, because Postgres 15 parses what it does not run, and does not know WITH INHERIT.
    await sql.raw(`
      DO $do$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${place.role}') THEN
          CREATE ROLE "${place.role}" NOLOGIN;
        END IF;
        IF current_setting('server_version_num')::int >= 160000 THEN
          EXECUTE 'GRANT "${place.role}" TO CURRENT_USER WITH INHERIT FALSE, SET TRUE';
        ELSE
          GRANT "${place.role}" TO CURRENT_USER;
        END IF;
      END $do$`)
  } catch (error) {
    if (databaseFault(error) !== 'forbidden') throw error
    throw new Error(
      `${place.loginRole} may not create the role ${place.role} or grant it to itself; as a superuser run: ` +
        `ALTER ROLE "${place.loginRole}" CREATEROLE; and, if ${place.role} exists: GRANT "${place.role}" TO "${place.loginRole}" WITH ADMIN TRUE, INHERIT FALSE, SET TRUE;`,
      { cause: error },
    )
  }
}

/**
 * An empty schema that bears its owner's marker from the first moment on.
 * @throws the database's 42P06 when the schema is there already
 */
export async function createTenantSchema(
  sql: Knex.Transaction,
  slug: string,
  role: string,
  owner: Owner,
): Promise<void> {
  await sql.raw('CREATE SCHEMA ?? AUTHORIZATION ??', [tenantSchema(slug), role])
  await markTenantSchema(sql, slug, owner)
}

export async function markTenantSchema(sql: Knex.Transaction, slug: string, owner: Owner): Promise<void> {
  await enterTenant(sql, slug)
  await setSchemaOwner(sql, tenantSchema(slug), owner)
  await leaveTenant(sql)
}

/** Gives role, schema and tables back the rights that they were made with. */
export async function repairTenantPlace(sql: Knex.Transaction, slug: string): Promise<void> {
  const place = await describeTenantPlace(sql, slug)
  await ensureTenantRole(sql, place)
  for (const attribute of place.excess) await sql.raw(`ALTER ROLE ?? NO${attribute}`, [place.role])
  if (!place.schemaExists) return
  if (place.schemaOwner !== place.role || place.strayTables.length > 0) await giveBack(sql, place)
  if (!place.public) return
  await enterTenant(sql, slug)
  await sql.raw('REVOKE ALL ON SCHEMA ?? FROM PUBLIC', [place.schema])
  await leaveTenant(sql)
}

async function giveBack(sql: Knex.Transaction, place: TenantPlace): Promise<void> {
  await inherit(sql, place.role, true)
  if (place.schemaOwner !== place.role) await sql.raw('ALTER SCHEMA ?? OWNER TO ??', [place.schema, place.role])
  for (const table of place.strayTables)
    await sql.raw('ALTER TABLE ??.?? OWNER TO ??', [place.schema, table, place.role])
  await inherit(sql, place.role, false)
}

/**
 * Whether the product's role has the tenant's rights without switching to it: needed for changes that take the rights of
 * both at once, inside one transaction. Before Postgres 16 it always has them.
 */
async function inherit(sql: Knex.Transaction, role: string, on: boolean): Promise<void> {
  await sql.raw(`
    DO $do$ BEGIN
      IF current_setting('server_version_num')::int >= 160000 THEN
        EXECUTE 'GRANT "${role}" TO CURRENT_USER WITH INHERIT ${on ? 'TRUE' : 'FALSE'}';
      END IF;
    END $do$`)
}

/** Drops the schema with everything in it; gives how many rows its tables had. */
export async function dropTenantSchema(sql: Knex.Transaction, slug: string): Promise<number> {
  const rows = await countTenantRows(sql, slug)
  await enterTenant(sql, slug)
  await sql.raw('DROP SCHEMA IF EXISTS ?? CASCADE', [tenantSchema(slug)])
  await leaveTenant(sql)
  return rows
}

/** Rows of the tenant's own tables, read as its role. */
export async function countTenantRows(sql: Knex.Transaction, slug: string): Promise<number> {
  await enterTenant(sql, slug)
  const rows = await countRows(sql, tenantSchema(slug))
  await leaveTenant(sql)
  return rows
}

/** Rows of the product's tables in a schema; knex's own are not data. */
export async function countRows(sql: Knex, schema: string): Promise<number> {
  const tables = await sql('pg_tables')
    .withSchema('pg_catalog')
    .where({ schemaname: schema })
    .whereNotIn('tablename', ['migrations', 'migrations_lock', ARCHIVED_POINTS])
    .pluck<string[]>('tablename')
  let rows = 0
  for (const table of tables) {
    const counted = await sql(table).withSchema(schema).count<{ count: string }[]>('*')
    rows += Number(counted[0]?.count ?? 0)
  }
  return rows
}

/**
 * Keeps the schema as `archive`, owned by the product's role; renaming needs a role that may create schemas, which a
 * tenant's may not. The tenant's role owns nothing afterwards and is to be dropped.
 */
export async function archiveTenantSchema(sql: Knex.Transaction, place: TenantPlace, archive: string): Promise<void> {
  await inherit(sql, place.role, true)
  await sql.raw('REASSIGN OWNED BY ?? TO CURRENT_USER', [place.role])
  await sql.raw('ALTER SCHEMA ?? RENAME TO ??', [place.schema, archive])
}

/** Drops the role; it must own nothing any more. */
export async function dropTenantRole(sql: Knex, role: string): Promise<void> {
  await sql.raw('DROP ROLE IF EXISTS ??', [role])
}
