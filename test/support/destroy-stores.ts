import type { Knex } from 'knex'
import { listTenants } from '../../api/stores/postgres/tenants.ts'
import { describeTenantPlace, dropTenantRole, dropTenantSchema } from '../../api/stores/postgres/tenant-roles.ts'
import type { VectorStore } from '../../api/stores/vectors/vector-store.ts'

/** What a lost disk leaves: no schema, no role, no collection of the product. */
export async function destroyStores(
  { database, vectors }: { readonly database: Knex; readonly vectors: VectorStore },
  prefix: string,
): Promise<void> {
  for (const { slug } of await listTenants(database))
    await database.transaction(async sql => {
      await dropTenantSchema(sql, slug)
      await dropTenantRole(sql, (await describeTenantPlace(sql, slug)).role)
    })
  for (const schema of ['selfrag', 'selfrag_queue', 'selfrag_vectors'])
    await database.raw('DROP SCHEMA IF EXISTS ?? CASCADE', [schema])
  for (const name of await vectors.collections.list(`${prefix}_`)) await vectors.collections.delete(name)
}
