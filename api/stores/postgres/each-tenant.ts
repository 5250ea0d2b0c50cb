import type { Knex } from 'knex'
import type { TenantRow } from './rows.ts'
import { findTenant, listTenants } from './tenants.ts'

/** Why something could not be done for one of many. */
export interface TenantFailure {
  readonly id: string
  readonly tenant: string
  readonly cause: unknown
}

/**
 * Does something for every tenant, one after the other, each as it is when its turn comes: one that was removed meanwhile is
 * left out, one that was moved is looked for in its new place. A tenant that is not whole stops nobody else's turn.
 * @returns those that it failed for @throws the signal's reason; whatever keeps the list of tenants from being read
 */
export async function eachTenant(
  database: Knex,
  work: (tenant: TenantRow) => Promise<void>,
  signal?: AbortSignal,
): Promise<TenantFailure[]> {
  const failures: TenantFailure[] = []
  for (const { id } of await listTenants(database)) {
    signal?.throwIfAborted()
    const tenant = await findTenant(database, id)
    if (!tenant) continue
    try {
      await work(tenant)
    } catch (cause) {
      signal?.throwIfAborted()
      failures.push({ id, tenant: tenant.slug, cause })
    }
  }
  return failures
}
