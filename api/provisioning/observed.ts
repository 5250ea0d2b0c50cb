import type { Owner } from '../contract/ownership.ts'
import type { SchemaVersion } from '../stores/postgres/migrator.ts'
import type { ApiKeyRow, EmbeddingGenerationRow, KnowledgeBaseRow, TenantRow } from '../stores/postgres/rows.ts'
import type { CollectionState } from '../stores/vectors/vector-store.ts'

/** What there is, as read just now; the planners compare it with what is desired. Plain data, no secret in it. */
export interface ObservedPipeline {
  readonly login: ObservedLogin
  readonly control: ObservedControlSchema
  readonly collection: ObservedCollection
}

/** The role that the product connects with, and the server it connects to. */
export interface ObservedLogin {
  readonly role: string
  readonly database: string
  /** Major version, such as 17. */
  readonly serverVersion: number
  readonly mayCreateRoles: boolean
  readonly mayCreateSchemas: boolean
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
  readonly row: TenantRow | null
  readonly role: ObservedRole
  readonly schema: ObservedTenantSchema
  readonly collection: ObservedCollection
  /** All that are not being deleted, whoever made them. */
  readonly knowledgeBases: readonly KnowledgeBaseRow[]
  /** Of the tenant: declared ones that work, newest first. */
  readonly keys: readonly ApiKeyRow[]
  /** By key name: what the vault holds for each desired key, and for keys that are no longer desired. */
  readonly vault: Readonly<Record<string, VaultEntry>>
}

export interface ObservedRole {
  readonly name: string
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
  /** Whether every role of the server may use it. */
  readonly public: boolean
}

/** `unusable`: not a well-formed key, or one that the database knows as another's or as revoked. */
export type VaultEntry =
  | { readonly state: 'absent' }
  | { readonly state: 'unusable' }
  | { readonly state: 'new'; readonly prefix: string }
  | { readonly state: 'known'; readonly keyId: string }

/** Of a tenant that is to go. `row` is null when it is gone, or when it is another owner's. */
export interface ObservedRemoval {
  readonly row: TenantRow | null
  readonly role: ObservedRole
  readonly schema: Pick<ObservedTenantSchema, 'name' | 'exists' | 'marker'>
  readonly collection: ObservedCollection
  readonly points: number
  /** Ids of declared keys that work. */
  readonly keyIds: readonly string[]
  /** Names of keys whose secrets are still in the vault. */
  readonly vaultNames: readonly string[]
}
