import type { Knex } from 'knex'
import { slugsOfSchemas } from '../stores/postgres/tenants.ts'
import { tenantSchema } from '../contract/names.ts'
import type { Reach } from './isolation-reach.ts'
import { ARCHIVE_PREFIX, CONTROL_SCHEMA, QUEUE_SCHEMA, VECTOR_SCHEMA } from '../contract/names.ts'

/**
 * What the catalogue says that a tenant's role could reach and must not: schemas of all its neighbours, of the product
 * itself and of archives, and every role that it is a member of. One read, cheap enough for every look at the tenant.
 *
 * This, and not an attempt, is how membership is judged: `SET ROLE` asks whether the role that the connection was opened
 * with may switch, which may switch to every tenant (hack/adr/0012-isolation-canary.md).
 * @returns `schema tenant_globex`, `role tenant_globex_1f0c2d3`, sorted; empty when there is nothing
 */
export async function foreignGrants(database: Knex, slug: string): Promise<Reach[]> {
  const bindings = {
    own: tenantSchema(slug),
    others: ['tenant\\_%', `${ARCHIVE_PREFIX.replace('_', '\\_')}%`],
    ours: [CONTROL_SCHEMA, QUEUE_SCHEMA, VECTOR_SCHEMA],
  }
  const { rows } = await database.raw<{ rows: { what: string; schema: string }[] }>(FOREIGN, bindings)
  if (rows.length === 0) return []
  const slugs = await slugsOfSchemas(database)
  return rows.map(({ what, schema }) => ({ way: 'grants', what, tenant: slugs.get(schema) ?? null }))
}

/**
 * Asks what leads from the role to others, and not of each schema and role of the server whether it may: with a thousand
 * tenants that is the difference between one look at two thousand access lists and a walk from one role. A superuser needs
 * no grant. Without an access list a schema is open to its owner alone.
 */
const FOREIGN = `
  WITH RECURSIVE me AS (
    SELECT oid, rolsuper FROM pg_roles
     WHERE rolname = :own || '_' || left(encode(sha256(convert_to(current_database(), 'UTF8')), 'hex'), 7)),
  become(oid) AS (
    SELECT oid FROM me
    UNION
    SELECT m.roleid FROM pg_auth_members m JOIN become ON m.member = become.oid)
  SELECT 'schema ' || n.nspname AS what, n.nspname::text AS schema
    FROM pg_namespace n, me
   WHERE n.nspname <> :own AND (n.nspname LIKE ANY (:others::text[]) OR n.nspname = ANY (:ours::text[]))
     AND (me.rolsuper OR n.nspowner IN (SELECT oid FROM become)
          OR n.nspacl IS NOT NULL AND EXISTS (
               SELECT FROM aclexplode(n.nspacl) a WHERE a.grantee = 0 OR a.grantee IN (SELECT oid FROM become)))
  UNION ALL
  SELECT 'role ' || r.rolname, regexp_replace(r.rolname::text, '_[0-9a-f]{7}$', '')
    FROM pg_roles r, me
   WHERE r.oid <> me.oid AND (me.rolsuper OR r.oid IN (SELECT oid FROM become))
   ORDER BY 1`
