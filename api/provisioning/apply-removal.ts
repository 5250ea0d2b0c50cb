import type { Knex } from 'knex'
import { tenantSchema } from '../contract/names.ts'
import { type Owner, sameOwner } from '../contract/ownership.ts'
import { auditOf } from '../stores/postgres/audit-log.ts'
import { forgetGeneration } from '../stores/postgres/embedding-generations.ts'
import { countRows, describeTenantPlace, dropTenantRole, dropTenantSchema } from '../stores/postgres/tenant-roles.ts' // prettier-ignore
import { deleteTenant, rowsLeft, updateTenant } from '../stores/postgres/tenants.ts'
import { VectorScope } from '../stores/vectors/vector-scope.ts'
import { auditStep } from './audit.ts'
import { erasureActions, receiptOf } from './erasure-receipt.ts'
import { removeCanary } from './isolation-canary.ts'
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
  { kind, slug, id, why }: StepOf<'disable-tenant'>,
  context: ApplyContext,
): Promise<void> {
  await database.transaction(async sql => {
    await updateTenant(sql, id, { status: 'disabled' })
    await auditStep(sql, context, { action: kind, target: slug, tenantId: id, detail: { why } })
  })
}

export async function dropSchema(
  { database }: ProvisioningStores,
  { kind, slug, tenantId }: StepOf<'drop-schema'>,
  context: ApplyContext,
): Promise<Erasure> {
  return database.transaction(async sql => {
    const rows = await dropTenantSchema(sql, slug)
    await auditStep(sql, context, { action: kind, target: tenantSchema(slug), tenantId, detail: { rows } })
    return { rows, points: 0, snapshots: 0 }
  })
}

/** Rows and, where it holds them, points: the points are rows here. */
export async function dropArchive(
  { database }: ProvisioningStores,
  { kind, tenantId, archive }: StepOf<'drop-archive'>,
  context: ApplyContext,
): Promise<Erasure> {
  return database.transaction(async sql => {
    const rows = await countRows(sql, archive)
    await sql.raw('DROP SCHEMA IF EXISTS ?? CASCADE', [archive])
    await auditStep(sql, context, { action: kind, target: archive, tenantId, detail: { rows } })
    return { rows, points: 0, snapshots: 1 }
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
  stores: ProvisioningStores,
  { slug, id, collection }: StepOf<'delete-points'>,
  context: ApplyContext,
): Promise<Erasure> {
  const points = await erasePoints(stores, { slug, tenantId: id, collection }, context)
  return { rows: 0, points, snapshots: 0 }
}

interface Points {
  readonly slug: string
  readonly tenantId: string
  readonly collection: string
}

/**
 * Deletes, and believes it only when none is counted any more. The number is recorded before: the store has no part in a
 * transaction, and after a crash nobody could tell it any more (erasure-receipt.ts).
 */
async function erasePoints(
  { database, vectors }: ProvisioningStores,
  place: Points,
  context: ApplyContext,
): Promise<number> {
  // prettier-ignore
  const { slug, tenantId, collection } = place
  const scope = new VectorScope(collection, tenantId, 'all')
  const points = await vectors.count(scope, { all: true })
  if (points === 0) return 0
  await auditStep(database, context, { action: 'count-points', target: slug, tenantId, detail: { collection, points } })
  await vectors.delete(scope, { all: true })
  const left = await vectors.count(scope, { all: true })
  if (left > 0) throw new Error(`${left} of ${points} points are still in ${collection} after deleting them`)
  await auditStep(database, context, {
    action: 'delete-points',
    target: slug,
    tenantId,
    detail: { collection, points },
  })
  return points
}

export async function dropCollection(
  { database, vectors }: ProvisioningStores,
  { kind, alias, collection, tenantId }: StepOf<'delete-collection'>,
  context: ApplyContext,
): Promise<Erasure> {
  const points = (await vectors.collections.describe(collection))?.points ?? 0
  const change = { target: collection, tenantId, detail: { alias, points } }
  if (points > 0) await auditStep(database, context, { ...change, action: 'count-points' })
  await vectors.collections.delete(collection)
  await database.transaction(async sql => {
    await forgetGeneration(sql, collection)
    await auditStep(sql, context, { ...change, action: kind })
  })
  return { rows: 0, points, snapshots: 0 }
}

/** The last step: what had no place of its own goes, and the receipt is written when nothing is found any more. */
export async function removeTenant(
  stores: ProvisioningStores,
  { kind, slug, id, collection, owner }: StepOf<'delete-tenant'>,
  context: ApplyContext,
): Promise<Erasure> {
  const { database, vectors } = stores
  const exists = (await vectors.collections.resolve(collection)) !== null
  // A worker may have stored a last document after the points were deleted.
  const points = exists ? await erasePoints(stores, { slug, tenantId: id, collection }, context) : 0
  if (exists) await removeCanary(vectors, { tenantId: id, collection })
  return database.transaction(async sql => {
    const rows = await deleteTenant(sql, id)
    await auditStep(sql, context, { action: kind, target: slug, tenantId: id, detail: { rows } })
    await requireNothingLeft(sql, slug, id, owner)
    const receipt = receiptOf(await auditOf(sql, id, erasureActions))
    await auditStep(sql, context, {
      action: 'erasure-receipt',
      target: slug,
      tenantId: id,
      detail: { ...receipt, owner },
    })
    return { rows, points, snapshots: 0 }
  })
}

/** @throws Error, which undoes the step: a receipt must not tell what is not so */
async function requireNothingLeft(sql: Knex.Transaction, slug: string, id: string, owner: Owner): Promise<void> {
  const place = await describeTenantPlace(sql, slug)
  const left = [
    place.schemaExists && place.marker && sameOwner(place.marker, owner) ? `schema ${place.schema}` : null,
    ...(await rowsLeft(sql, id)),
  ].filter(what => what !== null)
  if (left.length > 0) throw new Error(`tenant ${slug} is not gone: ${left.join(', ')} is still there`)
}
