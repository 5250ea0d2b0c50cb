import type { Knex } from 'knex'
import { tenantRole, tenantSchema } from '../../contract/names.ts'
import { VectorScope } from '../vectors/vector-scope.ts'

/**
 * The tenant, and the knowledge bases, that one caller may touch. Made from an authenticated key (services/api-keys), a
 * job's row, or a resource; rows and vectors are reached only through one.
 */
export class TenantScope {
  readonly tenantId: string
  readonly slug: string
  /** Alias of the tenant's collection. */
  readonly collection: string
  readonly knowledgeBaseIds: 'all' | readonly string[]
  readonly #issued = true

  constructor(
    tenant: { readonly id: string; readonly slug: string; readonly collection: string },
    knowledgeBaseIds: 'all' | readonly string[] = 'all',
  ) {
    this.tenantId = tenant.id
    this.slug = tenant.slug
    this.collection = tenant.collection
    this.knowledgeBaseIds = knowledgeBaseIds
    void this.#issued
  }

  /** Whether this scope reaches a knowledge base of its tenant; a false is told to users as "not found". */
  allows(knowledgeBaseId: string): boolean {
    return this.knowledgeBaseIds === 'all' || this.knowledgeBaseIds.includes(knowledgeBaseId)
  }

  vectors(knowledgeBaseIds: 'all' | readonly string[] = this.knowledgeBaseIds): VectorScope {
    const scope = new VectorScope(this.collection, this.tenantId, this.knowledgeBaseIds)
    return knowledgeBaseIds === 'all' ? scope : scope.narrow(knowledgeBaseIds)
  }
}

/** A transaction that sees one tenant's schema and nothing else of the database's tenants. */
export interface TenantTransaction {
  readonly scope: TenantScope
  /** Queries run as the tenant's role with its schema as the search path. */
  readonly sql: Knex.Transaction
  /**
   * Runs `work` on the control schema as the API's own role, inside the same transaction: for the job or audit record
   * that must stand or fall with a tenant's row.
   */
  control<T>(work: (sql: Knex.Transaction) => Promise<T>): Promise<T>
}

/**
 * Runs `work` in a transaction whose role and search path are the tenant's. `SET LOCAL` ends with the transaction, so
 * the connection goes back to the pool clean even when the transaction fails.
 * @throws the database's error when the role or schema is missing (42704, 3F000): the tenant is not provisioned
 */
export async function inTenant<T>(
  database: Knex,
  scope: TenantScope,
  work: (transaction: TenantTransaction) => Promise<T>,
): Promise<T> {
  return database.transaction(async sql => {
    await enterTenant(sql, scope.slug)
    return work({
      scope,
      sql,
      async control(inner) {
        await sql.raw('RESET ROLE; SET LOCAL search_path = selfrag, pg_temp')
        const result = await inner(sql)
        await enterTenant(sql, scope.slug)
        return result
      },
    })
  })
}

// The names are made of [a-z0-9_] only (contract/names.ts), so quoting them is enough: SET takes no parameters.
async function enterTenant(sql: Knex.Transaction, slug: string): Promise<void> {
  await sql.raw(`SET LOCAL ROLE "${tenantRole(slug)}"; SET LOCAL search_path = "${tenantSchema(slug)}", pg_temp`)
}
