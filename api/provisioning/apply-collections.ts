import { recordGeneration } from '../stores/postgres/embedding-generations.ts'
import { showTuning } from '../stores/vectors/tuning.ts'
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
  const { collection, index, tenancy, replaces } = step
  if (replaces === null) await vectors.collections.createIndex(collection, index, tenancy)
  else await vectors.collections.replaceIndex(collection, index, tenancy)
  await auditStep(database, context, { action: step.kind, target: collection, detail: { index, replaces } })
}

export async function tuneCollection(
  { database, vectors }: ProvisioningStores,
  step: StepOf<'tune-collection'>,
  context: ApplyContext,
): Promise<void> {
  await vectors.collections.tune(step.collection, step.tuning, step.part)
  const detail = { [step.part]: showTuning(step.tuning)[step.part] }
  await auditStep(database, context, { action: step.kind, target: step.collection, detail })
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
