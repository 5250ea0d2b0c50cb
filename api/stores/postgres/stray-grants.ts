import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'
import { relationsOf } from './relations-of-schema.ts'

/** Rights that somebody has given and that this product never gives. */
export interface StrayGrant {
  /** `role tenant_acme_1f0c2d3`, `schema tenant_acme`, `table selfrag.api_keys` */
  readonly object: string
  /** Who got it: a role, or PUBLIC. */
  readonly grantee: string
  /** `USAGE`, `SELECT, INSERT`, `MEMBER` */
  readonly rights: string
  /** The statement that takes it away. */
  readonly revoke: string
  /** Role that may run it; null: the product's may not, and a person has to. */
  readonly revokedBy: 'tenant' | 'product' | null
}

/**
 * What lets somebody else into a tenant's schema, and what lets the tenant's role out of it: grants on the schema and its
 * tables, members of the role, and whatever else in the database names the role. The roles that run the product are no
 * strangers: the one that is connected, superusers, and those that have the rights of the control schema's owner (a login
 * that is being replaced). USAGE of PUBLIC on the schema is told by describeTenantPlace.
 */
export async function strayTenantGrants(sql: Knex, schema: string, role: string): Promise<StrayGrant[]> {
  const { rows } = await sql.raw<{ rows: StrayGrant[] }>(TENANT, { schema, role })
  return rows
}

/** What everybody on the server may do in a schema of the product. */
export async function publicGrants(sql: Knex, schema: string): Promise<StrayGrant[]> {
  const { rows } = await sql.raw<{ rows: StrayGrant[] }>(PUBLIC, { schema })
  return rows
}

/** Relations and their access lists; a list that was never changed is null and names nobody but the owner. */
const RELATIONS = `
  relations AS (
    SELECT 'schema' AS kind, quote_ident(nspname) AS spelled, nspname::text AS name, nspowner AS owner, nspacl AS acl
      FROM pg_namespace WHERE nspname = :schema
    UNION ALL
    SELECT CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, format('%I.%I', nspname, relname),
           nspname || '.' || relname, relowner, relacl
      FROM pg_namespace n, LATERAL ${relationsOf('n.oid')} c
     WHERE nspname = :schema AND relkind IN ('r', 'p', 'v', 'm', 'S'))`

const GRANTED = `
  granted AS (
    SELECT kind, spelled, name, r.owner, a.grantee, string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) AS rights
      FROM relations r, aclexplode(r.acl) a WHERE a.grantee <> r.owner GROUP BY 1, 2, 3, 4, 5)`

const PUBLIC = `
  WITH ${RELATIONS}, ${GRANTED}
  SELECT kind || ' ' || name AS object, 'PUBLIC' AS grantee, rights,
         format('REVOKE ALL ON %s %s FROM PUBLIC', upper(kind), spelled) AS revoke,
         CASE WHEN pg_has_role(session_user, owner, 'USAGE') THEN 'product' END AS "revokedBy"
    FROM granted WHERE grantee = 0 ORDER BY 1`

/** Asked only of roles that have been given something: of all roles of a server with many tenants it would take long. */
const isProduct = (role: string) => `(
  ${role}.rolname = session_user OR ${role}.rolsuper
  OR coalesce(pg_has_role(${role}.oid, (SELECT nspowner FROM pg_namespace WHERE nspname = '${CONTROL_SCHEMA}'), 'MEMBER'), false))`

const TENANT = `
  WITH ${RELATIONS}, ${GRANTED},
  me AS (SELECT oid, rolname FROM pg_roles WHERE rolname = :role),
  outside AS (
    SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object,
           coalesce(c.relowner, n.nspowner) AS owner,
           CASE WHEN c.oid IS NOT NULL THEN 'TABLE ' || c.oid::regclass WHEN n.oid IS NOT NULL THEN 'SCHEMA ' || quote_ident(n.nspname) END AS spelled
      FROM pg_shdepend d JOIN me ON d.refobjid = me.oid
      LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
      LEFT JOIN pg_namespace n ON d.classid = 'pg_namespace'::regclass AND n.oid = d.objid
     WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'a'
       AND d.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())))
  SELECT kind || ' ' || name AS object, coalesce(r.rolname, 'PUBLIC') AS grantee, rights,
         format('REVOKE ALL ON %s %s FROM %s CASCADE', upper(kind), spelled, coalesce(quote_ident(r.rolname), 'PUBLIC')) AS revoke,
         'tenant' AS "revokedBy"
    FROM granted LEFT JOIN pg_roles r ON r.oid = grantee
   WHERE granted.owner = (SELECT oid FROM me) AND (grantee = 0 OR NOT ${isProduct('r')})
     AND NOT (kind = 'schema' AND grantee = 0)
  UNION ALL
  SELECT 'role ' || me.rolname, r.rolname, 'MEMBER',
         format('REVOKE %I FROM %I', me.rolname, r.rolname)
           || CASE WHEN current_setting('server_version_num')::int >= 160000
                   THEN format(' GRANTED BY %I CASCADE', g.rolname) ELSE '' END,
         CASE WHEN pg_has_role(session_user, m.grantor, 'USAGE') THEN 'product' END
    FROM pg_auth_members m JOIN me ON m.roleid = me.oid JOIN pg_roles r ON r.oid = m.member
    JOIN pg_roles g ON g.oid = m.grantor
   WHERE NOT ${isProduct('r')}
  UNION ALL
  SELECT 'role ' || g.rolname, me.rolname, 'MEMBER',
         format('REVOKE %I FROM %I', g.rolname, me.rolname)
           || CASE WHEN current_setting('server_version_num')::int >= 160000
                   THEN format(' GRANTED BY %I CASCADE', b.rolname) ELSE '' END,
         CASE WHEN pg_has_role(session_user, m.grantor, 'USAGE') THEN 'product' END
    FROM pg_auth_members m JOIN me ON m.member = me.oid JOIN pg_roles g ON g.oid = m.roleid
    JOIN pg_roles b ON b.oid = m.grantor
  UNION ALL
  SELECT object, me.rolname, 'some',
         coalesce(format('REVOKE ALL ON %s FROM %I CASCADE', spelled, me.rolname), format('REVOKE ALL ON … FROM %I', me.rolname)),
         CASE WHEN spelled IS NOT NULL AND pg_has_role(session_user, outside.owner, 'USAGE') THEN 'product' END
    FROM outside, me
   ORDER BY 1, 2`

/** @param grants all with a `revokedBy` that is the current role */
export async function revokeGrants(sql: Knex, grants: readonly StrayGrant[]): Promise<void> {
  for (const { revoke } of grants) await sql.raw(revoke.replaceAll('?', '\\?'))
}
