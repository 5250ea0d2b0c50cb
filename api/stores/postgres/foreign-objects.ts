import type { Knex } from 'knex'

/** A schema, or a table in it, that the product's role has no rights on, and the statement that gives it back. */
export interface ForeignObject {
  readonly object: string
  readonly owner: string
  readonly giveBack: string
}

/** Empty when there is no such schema. */
export async function foreignObjects(sql: Knex, schema: string): Promise<ForeignObject[]> {
  const { rows } = await sql.raw<{ rows: ForeignObject[] }>(FOREIGN, { schema })
  return rows
}

const FOREIGN = `
  SELECT kind || ' ' || name AS object, r.rolname AS owner,
         format('ALTER %s %s OWNER TO %I', upper(kind), spelled, session_user) AS "giveBack"
    FROM (SELECT 'schema' AS kind, nspname::text AS name, quote_ident(nspname) AS spelled, nspowner AS owner
            FROM pg_namespace WHERE nspname = :schema
           UNION ALL
          SELECT 'table', nspname || '.' || relname, format('%I.%I', nspname, relname), relowner
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE nspname = :schema AND relkind IN ('r', 'p')) AS objects
    JOIN pg_roles r ON r.oid = objects.owner
   WHERE NOT pg_has_role(session_user, objects.owner, 'USAGE')
   ORDER BY kind, name`
