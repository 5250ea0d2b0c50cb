import type { Knex } from 'knex'
import { CONTROL_SCHEMA, sharedCollection } from '../contract/names.ts'
import { ownerSchema } from '../contract/ownership.ts'
import { listGenerations } from '../stores/postgres/embedding-generations.ts'
import { describeLogin } from '../stores/postgres/login-role.ts'
import { controlSchemaVersion } from '../stores/postgres/migrator.ts'
import { schemaOwner } from '../stores/postgres/ownership-comments.ts'
import { isLost } from '../stores/postgres/schema-structure.ts'
import { controlSchemaState, isUsable } from '../stores/postgres/schema-state.ts'
import { readSystemConfig } from '../stores/postgres/system-config.ts'
import type { DesiredPipeline } from './desired.ts'
import { observeCollection } from './observe-collection.ts'
import { observeIntegrity } from './observe-integrity.ts'
import type { ObservedControlSchema, ObservedIntegrity, ObservedPipeline } from './observed.ts'
import type { ProvisioningStores } from './stores.ts'

/** Key of system_config: the marker of a pipeline that was deleted with Retain. */
export const RELEASED_KEY = 'released_by'

/**
 * Reads what there is of a pipeline in its database and vector store; changes nothing.
 * @throws the database's error or VectorStoreUnavailable when one cannot be reached
 */
export async function observePipeline(
  { database, vectors }: ProvisioningStores,
  desired: Pick<DesiredPipeline, 'collectionPrefix'>,
): Promise<ObservedPipeline> {
  const integrity = await observeIntegrity(database)
  const { login, control } = await observeDatabase({ database }, integrity)
  const alias = sharedCollection(desired.collectionPrefix)
  return {
    login,
    control,
    integrity,
    collection: await observeCollection(
      vectors.collections,
      alias,
      integrity.structure.some(isLost) ? [] : await recordedGenerations(database, control, alias),
    ),
  }
}

/** The part of it that is in Postgres. */
export type ObservedDatabase = Pick<ObservedPipeline, 'login' | 'control'>

/** @param integrity what of the control schema cannot be read; absent: it is taken to be whole */
export async function observeDatabase(
  { database }: Pick<ProvisioningStores, 'database'>,
  integrity?: ObservedIntegrity,
): Promise<ObservedDatabase> {
  const control = await observeControlSchema(database, integrity)
  return { login: await describeLogin(database), control }
}

/**
 * Whose the control schema is, which migrations it has, and who released it; nothing of it need exist.
 * @param integrity as in {@link observeDatabase}
 */
export async function observeControlSchema(
  database: Knex,
  integrity?: ObservedIntegrity,
): Promise<ObservedControlSchema> {
  const { exists, owner } = await schemaOwner(database, CONTROL_SCHEMA)
  if (!exists || integrity?.foreign.length) return { exists, owner, applied: null, level: null, released: null }
  const version = await controlSchemaVersion(database)
  // Versions of the schema that are farther away may keep this elsewhere.
  const readable = isUsable(controlSchemaState(version)) && !integrity?.structure.some(isLost)
  const released = readable ? await readSystemConfig(database, RELEASED_KEY) : undefined
  return { exists, owner, ...version, released: ownerSchema.safeParse(released).data ?? null }
}

/** What Postgres has recorded about an alias, oldest first; nothing before the control schema is as this version needs it. */
export async function recordedGenerations(sql: Knex, control: ObservedControlSchema, alias: string) {
  return isUsable(controlSchemaState(control)) ? listGenerations(sql, alias) : []
}
