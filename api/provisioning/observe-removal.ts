import { dedicatedCollection, sharedCollection } from '../contract/names.ts'
import { type Owner, sameOwner } from '../contract/ownership.ts'
import { newestOfOwner } from '../stores/postgres/audit-log.ts'
import type { EmbeddingGenerationRow, IsolationMoveRow, TenantRow } from '../stores/postgres/rows.ts'
import { MOVES_MIGRATION, unfinishedMove } from '../stores/postgres/isolation-moves.ts'
import { controlSchemaState, isUsable } from '../stores/postgres/schema-state.ts'
import { describeTenantPlace } from '../stores/postgres/tenant-roles.ts'
import { findTenantBySlug, listTenants } from '../stores/postgres/tenants.ts'
import type { CollectionAdmin, VectorStore } from '../stores/vectors/vector-store.ts'
import { VectorScope } from '../stores/vectors/vector-scope.ts'
import { isOf, listArchives } from './archive.ts'
import type { ErasureReceipt } from './erasure-receipt.ts'
import type { KeyVault, PipelineRemoval, TenantRemoval } from './desired.ts'
import { listGenerationNames, observeCollection } from './observe-collection.ts'
import { observeControlSchema, recordedGenerations } from './observe-pipeline.ts'
import { observedRole, observedSchema } from './observe-tenant.ts'
import type { ObservedPipelineRemoval, ObservedRemoval } from './observed.ts'
import { ownersOf } from './plan-removal.ts'
import type { ProvisioningStores } from './stores.ts'

/** Reads what is left of a tenant that is to go; changes nothing. */
export async function observeTenantRemoval(
  { database, vectors }: ProvisioningStores,
  removal: TenantRemoval,
  vault: KeyVault,
): Promise<ObservedRemoval> {
  const control = await observeControlSchema(database)
  const ready = isUsable(controlSchemaState(control))
  const row = ready ? await findTenantBySlug(database, removal.slug) : null
  const place = await describeTenantPlace(database, removal.slug)
  const own = dedicatedCollection(removal.collectionPrefix, removal.slug)
  const alias = row?.collection ?? own
  const generations = await recordedGenerations(database, control, alias)
  const knowsMoves = control.applied?.includes(MOVES_MIGRATION) ?? false
  const move = row && knowsMoves ? await unfinishedMove(database, row.id) : null
  const collection = await observeCollection(vectors.collections, alias, generations)
  return {
    row,
    role: observedRole(place),
    schema: observedSchema(place),
    collection,
    move: row && move ? await observeElsewhere(vectors, row, move) : null,
    collections:
      alias === own || move
        ? await ownedGenerations(vectors.collections, own, ownersOf(removal, row), await recordedGenerations(database, control, own)) // prettier-ignore
        : [],
    points: row && collection.target ? await countPoints(vectors, alias, row.id) : 0,
    fingerprint: generations.findLast(generation => generation.status === 'active')?.fingerprint ?? null,
    archives: (await listArchives(database)).filter(one => isOf(one, removal.owner)).map(({ schema }) => schema),
    vaultNames: await namesInVault(vault, removal.keyNames),
  }
}

/** What the deletion of that owner's tenant has come to, once it is complete; null before, and when there was nothing. */
export async function observeReceipt({ database }: ProvisioningStores, owner: Owner): Promise<ErasureReceipt | null> {
  const control = await observeControlSchema(database)
  if (controlSchemaState(control).state !== 'current') return null
  const entry = await newestOfOwner(database, 'erasure-receipt', owner)
  return entry ? (entry.detail as unknown as ErasureReceipt) : null
}

/** A move copies before it switches, and clears afterwards: either way there are points in two places. */
async function observeElsewhere(vectors: VectorStore, row: TenantRow, { source, target }: IsolationMoveRow) {
  const elsewhere = row.collection === source ? target : source
  const isThere = (await vectors.collections.resolve(elsewhere)) !== null
  return isThere ? { elsewhere, points: await countPoints(vectors, elsewhere, row.id) } : { elsewhere: null, points: 0 }
}

function countPoints(vectors: VectorStore, alias: string, tenantId: string): Promise<number> {
  return vectors.count(new VectorScope(alias, tenantId, 'all'), { all: true })
}

async function namesInVault(vault: KeyVault, names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(names.map(async name => (await vault.read(name)) !== null))
  return names.filter((_, index) => found[index])
}

/** Reads what is left of a pipeline that is to go; changes nothing. */
export async function observePipelineRemoval(
  { database, vectors }: ProvisioningStores,
  removal: PipelineRemoval,
): Promise<ObservedPipelineRemoval> {
  const control = await observeControlSchema(database)
  const ready = isUsable(controlSchemaState(control))
  const alias = sharedCollection(removal.collectionPrefix)
  return {
    control,
    tenants: ready ? await listTenants(database) : [],
    collections: await ownedGenerations(vectors.collections, alias, [removal.owner], []),
  }
}

/** Those that bear a marker of one of the owners, and those that are recorded but gone already: their record is to go too. */
async function ownedGenerations(
  collections: CollectionAdmin,
  alias: string,
  owners: readonly Owner[],
  recorded: readonly EmbeddingGenerationRow[],
): Promise<string[]> {
  const present = await listGenerationNames(collections, alias)
  const owned = recorded.map(row => row.collection).filter(name => !present.includes(name))
  for (const name of present) {
    const state = await collections.describe(name)
    if (owners.some(owner => state?.owner && sameOwner(state.owner, owner))) owned.push(name)
  }
  return owned
}
