import { validate as isUuid } from 'uuid'
import { ApiError } from '../../contract/error-codes.ts'
import type { DocumentRow } from '../../stores/postgres/rows.ts'
import { findVisibleDocument } from '../../stores/postgres/documents.ts'
import type { TenantTransaction } from '../../stores/postgres/tenant-scope.ts'

/**
 * A document that the scope reaches and that is not going. Outside the scope and not there are told in the same words.
 * @param lock keeps others from changing it until the transaction ends
 * @throws ApiError DOC_NOT_FOUND
 */
export async function requireDocument(
  tenant: TenantTransaction,
  id: string,
  lock: 'lock' | 'read' = 'read',
): Promise<DocumentRow> {
  const row = isUuid(id) ? await findVisibleDocument(tenant, id, lock) : null
  if (row && tenant.scope.allows(row.kb_id)) return row
  throw new ApiError('DOC_NOT_FOUND', `document ${JSON.stringify(id.slice(0, 100))} does not exist`)
}
