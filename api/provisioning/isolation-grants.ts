import type { Knex } from 'knex'
import { tenantSchema } from '../contract/names.ts'
import { ARCHIVE_PREFIX, CONTROL_SCHEMA, QUEUE_SCHEMA, VECTOR_SCHEMA } from '../contract/names.ts'

/**
 * What the catalogue says that a tenant's role could reach and must not: schemas of all its neighbours, of the product
 * itself and of archives, and every role that it is a member of. One read, cheap enough for every look at the tenant.
 *
 * This, and not an attempt, is how membership is judged: `SET ROLE` asks whether the role that the connection was opened
 * with may switch, which may switch to every tenant (hack/adr/0012-isolation-canary.md).
 * @returns `schema tenant_globex`, `role tenant_globex_1f0c2d3`, sorted; empty when there is nothing
 */
export async function foreignGrants(database: Knex, slug: string): Promise<string[]> {
  const bindings = {
    own: tenantSchema(slug),
    others: ['tenant\\_%', `${ARCHIVE_PREFIX.replace('_', '\\_')}%`],
    ours: [CONTROL_SCHEMA, QUEUE_SCHEMA, VECTOR_SCHEMA],
  }
  const { rows } = await database.raw<{ rows: { reached: string }[] }>(FOREIGN, bindings)
  return rows.map(({ reached }) => reached)
}

const FOREIGN = `
  WITH me AS (
    SELECT oid FROM pg_roles
     WHERE rolname = :own || '_' || left(encode(sha256(convert_to(current_database(), 'UTF8')), 'hex'), 7))
  SELECT 'schema ' || n.nspname AS reached
    FROM pg_namespace n, me
   WHERE n.nspname <> :own AND (n.nspname LIKE ANY (:others::text[]) OR n.nspname = ANY (:ours::text[]))
     AND has_schema_privilege(me.oid, n.oid, 'USAGE, CREATE')
  UNION ALL
  SELECT 'role ' || r.rolname
    FROM pg_roles r, me
   WHERE r.oid <> me.oid AND pg_has_role(me.oid, r.oid, 'MEMBER')
   ORDER BY 1`
