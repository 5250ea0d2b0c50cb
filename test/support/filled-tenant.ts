import type { DesiredTenant } from '../../api/provisioning/desired.ts'
import type { ProvisioningStores } from '../../api/provisioning/stores.ts'
import type { TenantRow } from '../../api/stores/postgres/rows.ts'
import { inTenant, TenantScope } from '../../api/stores/postgres/tenant-scope.ts'
import { findTenantBySlug } from '../../api/stores/postgres/tenants.ts'
import { chunkId, pointId } from '../../api/stores/vectors/point-id.ts'
import type { VectorPoint } from '../../api/stores/vectors/vector-store.ts'
import { contextWith, type MemoryVault, provisionTenant } from './provisioning.ts'

const DIMENSION = 4

/** Provisions a tenant and gives it one document with so many chunks, each with its point. */
export async function fillTenant(
  stores: ProvisioningStores,
  desired: DesiredTenant,
  vault: MemoryVault,
  count: number,
): Promise<TenantRow> {
  await provisionTenant(stores, desired, contextWith(vault))
  const row = await findTenantBySlug(stores.database, desired.slug)
  if (!row) throw new Error(`${desired.slug} was not provisioned`)
  const scope = new TenantScope(row)
  const { kbId, documentId } = await inTenant(stores.database, scope, async ({ sql }) => {
    const kb = await sql<{ id: string }>('knowledge_bases').first('id')
    const document = { kb_id: kb?.id, title: 'T', content_hash: 'h', media_type: 'text/plain', size_bytes: 1 }
    const [inserted] = await sql<{ id: string }>('documents').insert(document as never).returning('id') // prettier-ignore
    return { kbId: kb?.id ?? '', documentId: inserted?.id ?? '' }
  })
  const points = Array.from({ length: count }, (_, position) => pointAt(kbId, documentId, position))
  await stores.vectors.upsert(scope.vectors(), points)
  return row
}

/** The point of a document's chunk at a position. */
export function pointAt(knowledgeBaseId: string, documentId: string, position: number): VectorPoint {
  const chunk = chunkId(documentId, 1, position)
  return {
    id: pointId(chunk, 1),
    knowledgeBaseId,
    documentId,
    chunkId: chunk,
    position,
    text: `text ${position}`,
    metadata: { position, even: position % 2 === 0 },
    dense: Array.from({ length: DIMENSION }, (_, index) => (index === position % DIMENSION ? 1 : 0)),
    sparse: { indices: [1, position + 2], values: [1, 0.5] },
  }
}
