import { TenantScope, inTenant } from '../stores/postgres/tenant-scope.ts'
import { type TenantUsage, tenantUsage } from '../stores/postgres/tenant-usage.ts'
import { numberOfTenants } from '../stores/postgres/tenants.ts'
import type { ObservedTenant } from './observed.ts'
import type { ProvisioningStores } from './stores.ts'

/** How many tenants a pipeline has, whoever made them. The control schema must be there. */
export function countTenants({ database }: ProvisioningStores): Promise<number> {
  return numberOfTenants(database)
}

/** What a tenant uses; null while it is not provisioned. */
export async function observeUsage(
  { database }: ProvisioningStores,
  { row, knowledgeBases }: Pick<ObservedTenant, 'row' | 'knowledgeBases'>,
): Promise<TenantUsage | null> {
  if (!row || knowledgeBases === null) return null
  return inTenant(database, new TenantScope(row), tenantUsage)
}

export type { TenantUsage }
