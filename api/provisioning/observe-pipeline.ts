import type { Knex } from 'knex'
import { CONTROL_SCHEMA, sharedCollection } from '../contract/names.ts'
import { ownerSchema } from '../contract/ownership.ts'
import { listGenerations } from '../stores/postgres/embedding-generations.ts'
import { describeLogin } from '../stores/postgres/login-role.ts'
import { controlSchemaState, controlSchemaVersion } from '../stores/postgres/migrator.ts'
import { schemaOwner } from '../stores/postgres/ownership-comments.ts'
import { isLost } from '../stores/postgres/schema-structure.ts'
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
  const control = await observeControlSchema(database, integrity)
  const alias = sharedCollection(desired.collectionPrefix)
  return {
    login: await describeLogin(database),
    control,
    integrity,
    collection: await observeCollection(
      vectors.collections,
      alias,
      integrity.structure.some(isLost) ? [] : await recordedGenerations(database, control, alias),
    ),
  }
}

/** @param integrity what of the schema cannot be read; absent: it is taken to be whole */
/** Whose the control schema is, which migrations it has, and who released it; nothing of it need exist. */
export async function observeControlSchema(
  database: Knex,
  integrity?: ObservedIntegrity,
): Promise<ObservedControlSchema> {
  const { exists, owner } = await schemaOwner(database, CONTROL_SCHEMA)
  if (!exists || integrity?.foreign.length) return { exists, owner, applied: null, released: null }
  const version = await controlSchemaVersion(database)
  // Other versions of the schema may keep this elsewhere.
  const released =
    controlSchemaState(version).state === 'current' && !integrity?.structure.some(isLost)
      ? await readSystemConfig(database, RELEASED_KEY)
      : undefined
  return { exists, owner, ...version, released: ownerSchema.safeParse(released).data ?? null }
}

/** What Postgres has recorded about an alias, oldest first; nothing before the control schema is as this version needs it. */
export async function recordedGenerations(sql: Knex, control: ObservedControlSchema, alias: string) {
  return controlSchemaState(control).state === 'current' ? listGenerations(sql, alias) : []
}
