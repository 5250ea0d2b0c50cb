import { countIndexedDocuments } from '../stores/postgres/documents.ts'
import { inTenant, TenantScope } from '../stores/postgres/tenant-scope.ts'
import type { TenantUsage } from '../stores/postgres/tenant-usage.ts'
import type { ObservedTenant } from './observed.ts'
import type { ProvisioningStores } from './stores.ts'

/**
 * How many documents count as ready although the collection holds not one vector of the tenant: somebody has deleted them,
 * or the whole collection. 0 when that is not so. Costs one count for a tenant that has documents.
 */
export async function countDocumentsWithoutVectors(
  { database, vectors }: ProvisioningStores,
  { row, collection }: Pick<ObservedTenant, 'row' | 'collection'>,
  usage: TenantUsage | null,
): Promise<number> {
  if (!row || collection.target === null || !usage?.chunks) return 0
  const scope = new TenantScope(row)
  const hasVectors = async () => (await vectors.count(scope.vectors(), { all: true })) > 0
  if (await hasVectors()) return 0
  // In this order: the last document may be about to be deleted, or the first just to be indexed.
  const documents = await inTenant(database, scope, countIndexedDocuments)
  return documents === 0 || (await hasVectors()) ? 0 : documents
}
