import type { Owner } from '../contract/ownership.ts'
import type { LoginRole } from '../stores/postgres/login-role.ts'
import type { SchemaLevel } from '../stores/postgres/schema-level.ts'
import type { SchemaVersion } from '../stores/postgres/schema-state.ts'
import type { StrayGrant } from '../stores/postgres/stray-grants.ts'
import type { StructureDifference } from '../stores/postgres/schema-structure.ts'
import type { ApiKeyRow, EmbeddingGenerationRow, IsolationMoveRow, KnowledgeBaseRow, TenantRow } from '../stores/postgres/rows.ts' // prettier-ignore
import type { TenantUsage } from '../stores/postgres/tenant-usage.ts'
import type { CollectionState } from '../stores/vectors/vector-store.ts'
import type { Archive } from './archive.ts'

/** What there is, as read just now; the planners compare it with what is desired. Plain data, no secret in it. */
export interface ObservedPipeline {
  readonly login: LoginRole
  readonly control: ObservedControlSchema
  readonly integrity: ObservedIntegrity
  readonly collection: ObservedCollection
}

/** What somebody has done to the control schema. */
export interface ObservedIntegrity {
  /** Where it is not as its migrations made it; empty while it is behind or ahead of this version. */
  readonly structure: readonly StructureDifference[]
  /** The schema, and its tables, that belong to a role whose rights the product's role does not have. */
  readonly foreign: readonly { readonly object: string; readonly owner: string; readonly giveBack: string }[]
  /** What everybody may do there. */
  readonly grants: readonly StrayGrant[]
}

export interface ObservedControlSchema extends SchemaVersion {
  readonly exists: boolean
  readonly owner: Owner | null
  /** Whose it was before it was released by deletion with Retain; null when it was not. */
  readonly released: Owner | null
}

export interface ObservedCollection {
  readonly alias: string
  /** The collection that the alias points to; null when there is no such alias. */
  readonly target: string | null
  /** A collection, not an alias, has the name that the alias should have. */
  readonly nameTaken: boolean
  /** Of the alias's target; without an alias, of the newest generation that is there. */
  readonly state: CollectionState | null
  /** What Postgres has recorded about the alias, oldest first; empty before the control schema exists. */
  readonly generations: readonly EmbeddingGenerationRow[]
}

export interface ObservedTenant {
  /** Whether the pipeline's control schema is there and one that this version can work with. */
  readonly pipelineReady: boolean
  /** What the pipeline's last migration has recorded. */
  readonly level: SchemaLevel | null
  readonly row: TenantRow | null
  readonly role: ObservedRole
  readonly schema: ObservedTenantSchema
  /** All that there are in the database; looked for only when the tenant is to be made of one. */
  readonly archives: readonly Archive[]
  /** Of a shared one `target` only. */
  readonly collection: ObservedCollection
  /** Of another place that the tenant is to be moved to; null when it is where it should be. */
  readonly destination: ObservedCollection | null
  /** The last one, under way or over. */
  readonly move: IsolationMoveRow | null
  /** Whether the image that serves can move tenants. */
  readonly knowsMoves: boolean
  /** Whoever made them, those that are being deleted included. Null: the schema cannot be read (yet). */
  readonly knowledgeBases: readonly KnowledgeBaseRow[] | null
  /** What it uses; null when it was not read along: the schema is not at this version. */
  readonly usage: TenantUsage | null
  /** The tenant's declared ones that are not revoked, newest first; they may have expired. */
  readonly keys: readonly ApiKeyRow[]
  /** By key name: what the vault holds for each desired key, and for keys that are no longer desired. */
  readonly vault: Readonly<Record<string, VaultEntry>>
}

export interface ObservedRole {
  readonly name: string
  /** The role that the product connects with. */
  readonly login: string
  readonly exists: boolean
  /** Whether the product's role can `SET ROLE` to it. */
  readonly granted: boolean
  /** LOGIN, SUPERUSER and the like, which a tenant's role must not have. */
  readonly excess: readonly string[]
}

export interface ObservedTenantSchema extends SchemaVersion {
  readonly name: string
  readonly exists: boolean
  readonly marker: Owner | null
  /** Role that owns it; null when there is none. */
  readonly ownedBy: string | null
  /** Tables that belong to another role than the tenant's. */
  readonly strayTables: readonly string[]
  /** Where it is not as its migrations made it; empty while it is behind or ahead of this version. */
  readonly structure: readonly StructureDifference[]
  /** Rights on it, or of its role, that this product never gives. */
  readonly grants: readonly StrayGrant[]
  /** It was an archive, and its points are not all back in the collection yet. */
  readonly archivedPoints: boolean
  /** Whether every role of the server may use it. */
  readonly public: boolean
}

/** `unusable`: not a well-formed key, or one that the database knows as another's or as revoked. */
export type VaultEntry =
  | { readonly state: 'absent' }
  | { readonly state: 'unusable' }
  | { readonly state: 'new'; readonly prefix: string }
  /** `rotationAsked`: somebody wants another one in its place. */
  | { readonly state: 'known'; readonly keyId: string; readonly rotationAsked: boolean }

/** Of a tenant that is to go. */
export interface ObservedRemoval {
  readonly row: TenantRow | null
  readonly role: ObservedRole
  readonly schema: Omit<ObservedTenantSchema, 'applied' | 'structure' | 'grants'>
  /** The one that the row names; a dedicated one may still be there when the row is gone. */
  readonly collection: ObservedCollection
  /** A move that is not over, with the collection beside the row's that holds points; null when that is not there. */
  readonly move: { readonly elsewhere: string | null; readonly points: number } | null
  /** Generations of the tenant's dedicated collection that bear the owner's marker. */
  readonly collections: readonly string[]
  readonly points: number
  /** Of the vectors in the collection that the row names; null when nothing is recorded about it. */
  readonly fingerprint: string | null
  /** Archives of earlier tenants of the same resource. */
  readonly archives: readonly string[]
  /** Names of keys whose secrets are still in the vault. */
  readonly vaultNames: readonly string[]
}

/** Of a pipeline that is to go. */
export interface ObservedPipelineRemoval {
  readonly control: ObservedControlSchema
  /** Empty when the control schema is gone. */
  readonly tenants: readonly TenantRow[]
  /** Every generation of the shared collection that bears this pipeline's marker. */
  readonly collections: readonly string[]
}
