import type { Knex } from 'knex'
import type { AuditRow } from '../stores/postgres/rows.ts'
import type { VectorStore } from '../stores/vectors/vector-store.ts'
import type { KeyVault } from './desired.ts'
import type { ObservedControlSchema } from './observed.ts'

/** What provisioning reads and writes. `database` connects as a role with CREATEROLE that may create schemas. */
export interface ProvisioningStores {
  readonly database: Knex
  readonly vectors: VectorStore
  /**
   * The control schema, as it is or as it was a moment ago; absent: it is read each time. For whoever looks at many tenants
   * in a row.
   */
  readonly control?: () => Promise<ObservedControlSchema>
}

/** On whose behalf steps are carried out; stands in every row of the audit log that they write. */
export interface Actor {
  readonly type: AuditRow['actor_type']
  /** `RagTenant/default/acme`, the admin's request; never a secret. */
  readonly name: string | null
  readonly requestId?: string
}

export interface ApplyContext {
  readonly vault: KeyVault
  readonly now: () => Date
  readonly actor: Actor
}

/**
 * A step has done as much as one may and there is more of it: the next plan goes on from there. The message says how far
 * it is.
 */
export class Unfinished extends Error {
  override readonly name = 'Unfinished'
}

/** What was erased for good, counted exactly; zeros for steps that erase nothing. */
export interface Erasure {
  /** Rows of Postgres: the tenant's own tables and what belonged to it in the control schema. */
  readonly rows: number
  readonly points: number
  /** Archives. */
  readonly snapshots: number
}
