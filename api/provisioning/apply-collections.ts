import { recordGeneration } from '../stores/postgres/embedding-generations.ts'
import { auditStep } from './audit.ts'
import type { StepOf } from './steps.ts'
import type { ApplyContext, ProvisioningStores } from './stores.ts'

// The vector store is no part of the database's transactions: its change comes first, its record after.

export async function createCollection(
  { database, vectors }: ProvisioningStores,
  step: StepOf<'create-collection'>,
  context: ApplyContext,
): Promise<void> {
  await vectors.collections.create(step.name, step.spec)
  const { dense, tenancy, fingerprint } = step.spec
  const detail = { dimension: dense?.dimension ?? null, tenancy, fingerprint, model: step.model }
  await auditStep(database, context, { action: step.kind, target: step.name, detail })
}

export async function createPayloadIndex(
  { database, vectors }: ProvisioningStores,
  step: StepOf<'create-payload-index'>,
  context: ApplyContext,
): Promise<void> {
  await vectors.collections.createIndex(step.collection, step.index, step.tenancy)
  await auditStep(database, context, { action: step.kind, target: step.collection, detail: { index: step.index } })
}

export async function setHnsw(
  { database, vectors }: ProvisioningStores,
  step: StepOf<'set-hnsw'>,
  context: ApplyContext,
): Promise<void> {
  await vectors.collections.setHnsw(step.collection, step.hnsw)
  await auditStep(database, context, { action: step.kind, target: step.collection, detail: { ...step.hnsw } })
}

export async function setAlias(
  { database, vectors }: ProvisioningStores,
  step: StepOf<'set-alias'>,
  context: ApplyContext,
): Promise<void> {
  await vectors.collections.setAlias(step.alias, step.collection)
  await auditStep(database, context, { action: step.kind, target: step.alias, detail: { collection: step.collection } })
}

export async function takeCollection(
  { database, vectors }: ProvisioningStores,
  step: StepOf<'adopt-collection'>,
  context: ApplyContext,
): Promise<void> {
  await vectors.collections.setOwner(step.collection, step.owner)
  await auditStep(database, context, { action: step.kind, target: step.collection, detail: { owner: step.owner } })
}

export async function record(
  { database }: ProvisioningStores,
  step: StepOf<'record-generation'>,
  context: ApplyContext,
): Promise<void> {
  const { kind, ...generation } = step
  await database.transaction(async sql => {
    await recordGeneration(sql, generation)
    await auditStep(sql, context, { action: kind, target: step.collection, detail: generation })
  })
}
