import { createHash } from 'node:crypto'
import { ApiError } from '../../contract/error-codes.ts'
import { takeKey, writeResponse } from '../../stores/postgres/idempotency-keys.ts'
import type { TenantTransaction } from '../../stores/postgres/tenant-scope.ts'

/**
 * Gives a repeated request the first one's answer. Two at the same time: the second waits for the first one's transaction.
 * A request that fails as a whole leaves its key free.
 * @param request what must be equal for a request to be the same
 * @throws ApiError CONFLICT when the key came with another request, VALIDATION_ERROR when it cannot be one
 */
export async function once<T extends object>(
  tenant: TenantTransaction,
  key: string | undefined,
  request: string,
  work: () => Promise<T>,
): Promise<T> {
  if (key === undefined) return work()
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw new ApiError('VALIDATION_ERROR', 'Idempotency-Key: must be 1 to 255 printable ASCII characters, no spaces')
  const first = await takeKey(tenant, key, request)
  if (first) {
    if (first.request_hash === request) return first.response as T
    throw new ApiError(
      'CONFLICT',
      `the Idempotency-Key ${JSON.stringify(key)} was used for another request; use a new key for each request`,
    )
  }
  const response = await work()
  await writeResponse(tenant, key, response)
  return response
}

/** What makes a request to add documents the same as another one; of `bytes` their hash is enough. */
export function requestHash(kind: string, knowledgeBaseId: string, inputs: readonly object[]): string {
  const parts = inputs.map(input => ({ ...input, bytes: undefined }))
  return createHash('sha256')
    .update(JSON.stringify([kind, knowledgeBaseId, parts]))
    .digest('hex')
}
