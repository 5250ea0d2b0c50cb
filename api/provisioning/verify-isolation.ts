import type { Knex } from 'knex'
import { CONTROL_SCHEMA, tenantSchema } from '../contract/names.ts'
import { databaseFault } from '../stores/postgres/database-errors.ts'
import { enterTenant } from '../stores/postgres/tenant-scope.ts'
import type { ProvisioningStores } from './stores.ts'

export interface IsolationProof {
  /** Whether the server refused what the tenant's role must not read. */
  readonly isolated: boolean
  /** What it was made to try: another tenant's schema, or the control schema while there is no other tenant. */
  readonly neighbour: string
}

/**
 * Tries, as the tenant's role, to read somebody else's table, and sees whether Postgres refuses. Its own schema is read
 * first, so that a refusal of everything does not look like isolation. Changes nothing.
 * @throws the database's error when it cannot be tried: the tenant is not provisioned, the server is away
 */
export async function verifyIsolation({ database }: ProvisioningStores, slug: string): Promise<IsolationProof> {
  const { schema, table } = await chooseNeighbour(database, slug)
  const refused = await database.transaction(async sql => {
    await enterTenant(sql, slug)
    await sql('knowledge_bases').select(sql.raw('1')).limit(1)
    return isRefused(sql, schema, table)
  })
  return { isolated: refused, neighbour: schema }
}

async function chooseNeighbour(database: Knex, slug: string): Promise<{ schema: string; table: string }> {
  const other = await database('pg_tables')
    .withSchema('pg_catalog')
    .where({ tablename: 'documents' })
    .where('schemaname', 'like', 'tenant\\_%')
    .whereNot({ schemaname: tenantSchema(slug) })
    .orderBy('schemaname')
    .first<{ schemaname: string } | undefined>('schemaname')
  return other ? { schema: other.schemaname, table: 'documents' } : { schema: CONTROL_SCHEMA, table: 'api_keys' }
}

async function isRefused(sql: Knex.Transaction, schema: string, table: string): Promise<boolean> {
  try {
    // A transaction inside the transaction, which the refusal ends; the outer one can go on to its commit.
    await sql.transaction(inner => inner(table).withSchema(schema).select(inner.raw('1')).limit(1))
    return false
  } catch (error) {
    if (databaseFault(error) === 'forbidden') return true
    throw error
  }
}
