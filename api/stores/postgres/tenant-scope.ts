import type { Knex } from 'knex'
import { CONTROL_SCHEMA, tenantSchema } from '../../contract/names.ts'
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
  /** What was set for the tenant: its models and prompt, as they are stored. As old as the row that the scope was made of. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly #issued = true

  constructor(
    tenant: {
      readonly id: string
      readonly slug: string
      readonly collection: string
      readonly settings?: Readonly<Record<string, unknown>>
    },
    knowledgeBaseIds: 'all' | readonly string[] = 'all',
  ) {
    this.tenantId = tenant.id
    this.slug = tenant.slug
    this.collection = tenant.collection
    this.knowledgeBaseIds = knowledgeBaseIds
    this.settings = tenant.settings ?? {}
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
  readonly control: <T>(work: (sql: Knex.Transaction) => Promise<T>) => Promise<T>
}

/**
 * Runs `work` in a transaction whose role and search path are the tenant's. Both settings end with the transaction, so
 * the connection goes back to the pool clean even when the transaction fails.
 * @throws the database's error when the role is missing (22023) or, at the first table, the schema (42P01): the tenant is
 *   not provisioned
 */
export async function inTenant<T>(
  database: Knex,
  scope: TenantScope,
  work: (transaction: TenantTransaction) => Promise<T>,
): Promise<T> {
  return database.transaction(async sql => {
    await enterTenant(sql, scope.slug)
    return work({ scope, sql, control: inner => asControl(sql, scope.slug, inner) })
  })
}

async function asControl<T>(
  sql: Knex.Transaction,
  slug: string,
  work: (sql: Knex.Transaction) => Promise<T>,
): Promise<T> {
  await leaveTenant(sql)
  let result: T
  try {
    result = await work(sql)
  } catch (error) {
    // A caller may catch this and go on: not with the API's own role. (An aborted transaction refuses; nothing runs in it.)
    await enterTenant(sql, slug).catch(() => undefined)
    throw error
  }
  await enterTenant(sql, slug)
  return result
}

/**
 * Makes the rest of a transaction run as a tenant. The SQL spells the role as `tenantRole` in contract/names.ts does;
 * doing it on the server saves asking for the database's name first. `pg_temp` last: a temporary table hides nothing.
 */
export async function enterTenant(sql: Knex.Transaction, slug: string): Promise<void> {
  const schema = tenantSchema(slug)
  await sql.raw(
    `SELECT set_config('role', ? || left(encode(sha256(convert_to(current_database(), 'UTF8')), 'hex'), 7), true),
            set_config('search_path', ?, true)`,
    [`${schema}_`, `"${schema}", pg_temp`],
  )
}

/** Back to the role that the connection was opened with, on the control schema. */
export async function leaveTenant(sql: Knex.Transaction): Promise<void> {
  await sql.raw(`SELECT set_config('role', 'none', true), set_config('search_path', ?, true)`, [
    `"${CONTROL_SCHEMA}", pg_temp`,
  ])
}
