import { randomUUID } from 'node:crypto'
import { tenantSchema } from '../contract/names.ts'
import { forgetGeneration } from '../stores/postgres/embedding-generations.ts'
import { setSchemaComment } from '../stores/postgres/ownership-comments.ts'
import { archiveTenantSchema, describeTenantPlace, dropTenantRole, dropTenantSchema } from '../stores/postgres/tenant-roles.ts' // prettier-ignore
import { deleteTenant, updateTenant } from '../stores/postgres/tenants.ts'
import type { VectorStore } from '../stores/vectors/vector-store.ts'
import { VectorScope } from '../stores/vectors/vector-scope.ts'
import { auditStep } from './audit.ts'
import type { StepOf } from './steps.ts'
import type { ApplyContext, Erasure, ProvisioningStores } from './stores.ts'

export async function forgetSecrets(
  { database }: ProvisioningStores,
  { kind, slug, names }: StepOf<'forget-secrets'>,
  context: ApplyContext,
): Promise<void> {
  for (const name of names) await context.vault.remove(name)
  await auditStep(database, context, { action: kind, target: slug, detail: { names } })
}

export async function setDisabled(
  { database }: ProvisioningStores,
  { kind, slug, id }: StepOf<'disable-tenant'>,
  context: ApplyContext,
): Promise<void> {
  await database.transaction(async sql => {
    await updateTenant(sql, id, { status: 'disabled' })
    await auditStep(sql, context, { action: kind, target: slug, tenantId: id })
  })
}

/** Key in the comment of an archived schema: whose it was, and since when it lies there. */
export const SNAPSHOT_KEY = 'selfrag_snapshot'

export async function archive(
  { database }: ProvisioningStores,
  { kind, slug, owner }: StepOf<'archive-schema'>,
  context: ApplyContext,
): Promise<void> {
  const name = `snapshot_${randomUUID().replaceAll('-', '')}`
  await database.transaction(async sql => {
    const place = await describeTenantPlace(sql, slug)
    await archiveTenantSchema(sql, place, name)
    const about = { slug, owner, taken_at: context.now().toISOString() }
    await setSchemaComment(sql, name, JSON.stringify({ [SNAPSHOT_KEY]: about }))
    await auditStep(sql, context, { action: kind, target: slug, detail: { schema: name } })
  })
}

export async function dropSchema(
  { database }: ProvisioningStores,
  { kind, slug }: StepOf<'drop-schema'>,
  context: ApplyContext,
): Promise<Erasure> {
  return database.transaction(async sql => {
    const rows = await dropTenantSchema(sql, slug)
    await auditStep(sql, context, { action: kind, target: tenantSchema(slug), detail: { rows } })
    return { rows, points: 0 }
  })
}

export async function dropRole(
  { database }: ProvisioningStores,
  { kind, slug }: StepOf<'drop-role'>,
  context: ApplyContext,
): Promise<void> {
  await database.transaction(async sql => {
    const { role } = await describeTenantPlace(sql, slug)
    await dropTenantRole(sql, role)
    await auditStep(sql, context, { action: kind, target: role })
  })
}

export async function deletePoints(
  { database, vectors }: ProvisioningStores,
  { kind, slug, id, collection }: StepOf<'delete-points'>,
  context: ApplyContext,
): Promise<Erasure> {
  const points = await erasePoints(vectors, new VectorScope(collection, id, 'all'))
  await auditStep(database, context, { action: kind, target: slug, tenantId: id, detail: { collection, points } })
  return { rows: 0, points }
}

/** Deletes, and believes it only when none is counted any more. */
async function erasePoints(vectors: VectorStore, scope: VectorScope): Promise<number> {
  const points = await vectors.count(scope, { all: true })
  if (points === 0) return 0
  await vectors.delete(scope, { all: true })
  const left = await vectors.count(scope, { all: true })
  if (left > 0) throw new Error(`${left} of ${points} points are still in ${scope.collection} after deleting them`)
  return points
}

export async function dropCollection(
  { database, vectors }: ProvisioningStores,
  { kind, alias, collection }: StepOf<'delete-collection'>,
  context: ApplyContext,
): Promise<Erasure> {
  const state = await vectors.collections.describe(collection)
  await vectors.collections.delete(collection)
  const points = state?.points ?? 0
  await database.transaction(async sql => {
    await forgetGeneration(sql, collection)
    await auditStep(sql, context, { action: kind, target: collection, detail: { alias, points } })
  })
  return { rows: 0, points }
}

export async function removeTenant(
  { database, vectors }: ProvisioningStores,
  { kind, slug, id, collection }: StepOf<'delete-tenant'>,
  context: ApplyContext,
): Promise<Erasure> {
  // A worker may have stored a last document after the points were deleted.
  const exists = (await vectors.collections.resolve(collection)) !== null
  const points = exists ? await erasePoints(vectors, new VectorScope(collection, id, 'all')) : 0
  return database.transaction(async sql => {
    const rows = await deleteTenant(sql, id)
    await auditStep(sql, context, { action: kind, target: slug, tenantId: id, detail: { rows, points } })
    return { rows, points }
  })
}
