import { ApiError } from '../contract/error-codes.ts'
import type { ManagedBy, TenantRow } from '../stores/postgres/rows.ts'

/**
 * What a resource declares is changed there, or the next reconciliation would undo it.
 * @param what `knowledge base "handbook"`
 * @throws ApiError CONFLICT naming the resource
 */
export function refuseDeclared(what: string, managedBy: ManagedBy, tenant: Pick<TenantRow, 'owner' | 'slug'>): void {
  if (managedBy !== 'resource') return
  const resource = tenant.owner.name ?? `RagTenant ${tenant.slug}`
  throw new ApiError('CONFLICT', `${what} is declared by ${resource}; change it there`)
}
