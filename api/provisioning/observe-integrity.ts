import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../contract/names.ts'
import { foreignObjects } from '../stores/postgres/foreign-objects.ts'
import { controlSchemaVersion } from '../stores/postgres/migrator.ts'
import { controlStructure } from '../stores/postgres/migrations/control/structure.ts'
import { controlSchemaState } from '../stores/postgres/schema-state.ts'
import { compareStructure, readStructure } from '../stores/postgres/schema-structure.ts'
import { publicGrants } from '../stores/postgres/stray-grants.ts'
import type { ObservedIntegrity } from './observed.ts'

/** Reads what somebody has done to the control schema; nothing is found where there is none. */
export async function observeIntegrity(database: Knex): Promise<ObservedIntegrity> {
  const foreign = await foreignObjects(database, CONTROL_SCHEMA)
  const grants = await publicGrants(database, CONTROL_SCHEMA)
  if (foreign.length > 0) return { structure: [], foreign, grants }
  // Other versions have another structure.
  const isCurrent = controlSchemaState(await controlSchemaVersion(database)).state === 'current'
  const structure = isCurrent ? compareStructure(controlStructure, await readStructure(database, CONTROL_SCHEMA)) : []
  return { structure, foreign, grants }
}
