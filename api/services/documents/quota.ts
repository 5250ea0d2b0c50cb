import { ApiError } from '../../contract/error-codes.ts'
import { lockTenant } from '../../stores/postgres/tenants.ts'
import { tenantUsage } from '../../stores/postgres/tenant-usage.ts'
import type { TenantTransaction } from '../../stores/postgres/tenant-scope.ts'
import type { Room } from './plan-intake.ts'

const MIB = 1024 * 1024

/**
 * What the tenant's quotas leave. Locks the tenant: requests that add documents go one after the other, so that twenty at
 * once cannot each take the last place.
 */
export async function remainingRoom(tenant: TenantTransaction): Promise<Room> {
  const row = await tenant.control(sql => lockTenant(sql, tenant.scope.tenantId))
  if (!row) throw new ApiError('TENANT_NOT_FOUND', 'the tenant does not exist any more')
  const { documents, storageMb } = row.quotas
  if (documents === -1 && storageMb === -1) return { documents: Infinity, bytes: Infinity }
  const used = await tenantUsage(tenant)
  return {
    documents: documents === -1 ? Infinity : documents - used.documents,
    bytes: storageMb === -1 ? Infinity : storageMb * MIB - used.storageBytes,
  }
}

export function quotaExceeded(quota: keyof Room): ApiError {
  return new ApiError(
    'QUOTA_EXCEEDED',
    quota === 'documents'
      ? 'the tenant has as many documents as its quota allows; delete some, or have the quota `documents` raised'
      : "the document does not fit into the tenant's storage; delete some, or have the quota `storageMb` raised",
  )
}
