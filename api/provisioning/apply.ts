import {
  createCollection,
  createPayloadIndex,
  record,
  setAlias,
  takeCollection,
  tuneCollection,
} from './apply-collections.ts'
import { expire, mint, register, revoke, updateDeclaredKey } from './apply-keys.ts'
import { mendSchema, revoke as revokeStrayGrants } from './apply-integrity.ts'
import { createKnowledgeBase, releaseKnowledgeBase, updateDeclaredKnowledgeBase } from './apply-knowledge-bases.ts'
import { dropControlSchema, migrateControl, releasePipeline, takeSchema } from './apply-pipeline.ts'
import { startMove, stopMove } from './apply-move.ts'
import { archive, archivePoints, restorePoints, restoreSchema } from './apply-archive.ts'
import { deletePoints, dropArchive, dropCollection, dropRole, dropSchema, forgetSecrets, removeTenant, setDisabled } from './apply-removal.ts' // prettier-ignore
import { createRole, createSchema, createTenant, migrateTenant, release, repairGrants, take, updateRow } from './apply-tenant.ts' // prettier-ignore
import type { Plan, Step } from './steps.ts'
import type { ApplyContext, Erasure, ProvisioningStores } from './stores.ts'

export type { ApplyContext } from './stores.ts'

export interface PlanHooks {
  /** Called before each step; what it throws ends the plan there. */
  readonly beforeStep?: (step: Step, index: number) => void | Promise<void>
  /** Called after each step that was carried out, for events and metrics. */
  readonly onStep?: (step: Step, index: number) => void | Promise<void>
}

/**
 * Carries out a plan's steps one after the other and ends at the first that fails: what was done stays done, and the next
 * plan begins from there. Gives what was erased.
 */
export async function applyPlan(
  stores: ProvisioningStores,
  plan: Plan,
  context: ApplyContext,
  hooks: PlanHooks = {},
): Promise<Erasure> {
  const erased = { rows: 0, points: 0, snapshots: 0 }
  for (const [index, step] of plan.steps.entries()) {
    await hooks.beforeStep?.(step, index)
    const { rows, points, snapshots } = await applyStep(stores, step, context)
    erased.rows += rows
    erased.points += points
    erased.snapshots += snapshots
    await hooks.onStep?.(step, index)
  }
  return erased
}

const nothingErased: Erasure = { rows: 0, points: 0, snapshots: 0 }

/**
 * Carries out one step; harmless when it was carried out before. Each leaves a row in the audit log, in the same
 * transaction where it changes Postgres.
 * @throws the database's error, VectorStoreUnavailable, Unfinished, or what the vault throws
 */
export async function applyStep(stores: ProvisioningStores, step: Step, context: ApplyContext): Promise<Erasure> {
  return (await dispatch(stores, step, context)) ?? nothingErased
}

function dispatch(stores: ProvisioningStores, step: Step, context: ApplyContext): Promise<Erasure | void> {
  switch (step.kind) {
    case 'migrate-control-schema':
      return migrateControl(stores, step, context)
    case 'adopt-schema':
      return takeSchema(stores, step, context)
    case 'create-collection':
      return createCollection(stores, step, context)
    case 'create-payload-index':
      return createPayloadIndex(stores, step, context)
    case 'tune-collection':
      return tuneCollection(stores, step, context)
    case 'set-alias':
      return setAlias(stores, step, context)
    case 'adopt-collection':
      return takeCollection(stores, step, context)
    case 'record-generation':
      return record(stores, step, context)
    case 'create-tenant':
      return createTenant(stores, step, context)
    case 'take-tenant':
      return take(stores, step, context)
    case 'update-tenant':
      return updateRow(stores, step, context)
    case 'create-role':
      return createRole(stores, step, context)
    case 'create-schema':
      return createSchema(stores, step, context)
    case 'restore-schema':
      return restoreSchema(stores, step, context)
    case 'restore-points':
      return restorePoints(stores, step, context)
    case 'grant-schema':
      return repairGrants(stores, step, context)
    case 'mend-schema':
      return mendSchema(stores, step, context)
    case 'revoke-grants':
      return revokeStrayGrants(stores, step, context)
    case 'migrate-tenant-schema':
      return migrateTenant(stores, step, context)
    case 'create-knowledge-base':
      return createKnowledgeBase(stores, step, context)
    case 'update-knowledge-base':
      return updateDeclaredKnowledgeBase(stores, step, context)
    case 'release-knowledge-base':
      return releaseKnowledgeBase(stores, step, context)
    case 'mint-key':
      return mint(stores, step, context)
    case 'register-key':
      return register(stores, step, context)
    case 'update-key':
      return updateDeclaredKey(stores, step, context)
    case 'expire-keys':
      return expire(stores, step, context)
    case 'revoke-keys':
      return revoke(stores, step, context)
    case 'forget-secrets':
      return forgetSecrets(stores, step, context)
    case 'begin-move':
      return startMove(stores, step, context)
    case 'cancel-move':
      return stopMove(stores, step, context)
    case 'release-tenant':
      return release(stores, step, context)
    case 'disable-tenant':
      return setDisabled(stores, step, context)
    case 'archive-schema':
      return archive(stores, step, context)
    case 'archive-points':
      return archivePoints(stores, step, context)
    case 'drop-archive':
      return dropArchive(stores, step, context)
    case 'drop-schema':
      return dropSchema(stores, step, context)
    case 'drop-role':
      return dropRole(stores, step, context)
    case 'delete-points':
      return deletePoints(stores, step, context)
    case 'delete-collection':
      return dropCollection(stores, step, context)
    case 'delete-tenant':
      return removeTenant(stores, step, context)
    case 'release-pipeline':
      return releasePipeline(stores, step, context)
    case 'drop-control-schema':
      return dropControlSchema(stores)
  }
}
