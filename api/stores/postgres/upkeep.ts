import type { Client } from 'pg'
import { CONTROL_SCHEMA, QUEUE_SCHEMA, tenantRole, tenantSchema, VECTOR_SCHEMA } from '../../contract/names.ts'

/** A schema, and the role that owns what is in it; null: the product's own. */
export interface OwnedSchema {
  readonly name: string
  readonly role: string | null
}

export const productSchemas: readonly OwnedSchema[] = [CONTROL_SCHEMA, QUEUE_SCHEMA, VECTOR_SCHEMA].map(name => ({ name, role: null })) // prettier-ignore

/** Pure. */
export function schemaOfTenant(slug: string, database: string): OwnedSchema {
  return { name: tenantSchema(slug), role: tenantRole(slug, database) }
}

/**
 * Removes dead rows and renews the statistics that plans are made from. Autovacuum does so as well; after a large deletion
 * or a restore it is late. Gives the number of tables.
 */
export async function vacuumSchema(client: Client, { name, role }: OwnedSchema): Promise<number> {
  const { rows } = await client.query<{ relation: string }>(
    `SELECT format('%I.%I', nspname, relname) AS relation FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
     WHERE nspname = $1 AND relkind IN ('r', 'm') ORDER BY 1`,
    [name],
  )
  if (rows.length === 0) return 0
  await asRole(client, role, () => client.query(`VACUUM (ANALYZE) ${rows.map(({ relation }) => relation).join(', ')}`))
  return rows.length
}

/** Builds indexes anew that an interrupted build has left unused, without locking their tables; gives their names. */
export async function rebuildInvalidIndexes(client: Client, { name, role }: OwnedSchema): Promise<string[]> {
  const { rows } = await client.query<{ index: string }>(
    `SELECT format('%I.%I', nspname, relname) AS index FROM pg_index JOIN pg_class c ON c.oid = indexrelid
     JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = $1 AND NOT indisvalid AND relkind = 'i' ORDER BY 1`,
    [name],
  )
  for (const { index } of rows) await asRole(client, role, () => client.query(`REINDEX INDEX CONCURRENTLY ${index}`))
  return rows.map(({ index }) => index)
}

/** Neither statement can be in a transaction, so the role is the session's and has to be given back. */
async function asRole(client: Client, role: string | null, work: () => Promise<unknown>): Promise<void> {
  if (role === null) return void (await work())
  await client.query(`SET ROLE ${client.escapeIdentifier(role)}`)
  try {
    await work()
  } finally {
    await client.query('RESET ROLE')
  }
}
