import type { ChunkingSettings } from '../contract/chunking.ts'
import type { Role } from '../contract/api-key.ts'
import type { VectorSpace } from '../contract/fingerprint.ts'
import type { Owner } from '../contract/ownership.ts'
import type { Quotas } from '../contract/quotas.ts'
import type { RetrievalSettings } from '../contract/retrieval.ts'
import type { Isolation, ManagedBy } from '../stores/postgres/rows.ts'
import type { DeclaredSettings } from './declared-settings.ts'
import type { HnswSettings } from '../stores/vectors/vector-store.ts'

/** What a pipeline must have in its database and vector store, whoever asks for it: resource, admin route, standalone. */
export interface DesiredPipeline {
  readonly owner: Owner
  /** `selfrag.io/adopt: "true"`: take over what bears a foreign marker instead of reporting a conflict. */
  readonly adopt: boolean
  readonly collectionPrefix: string
  readonly vectors: CollectionSettings
  readonly migrations?: WhoMigrates
}

/**
 * Whose migrations schemas get. `own` (the default): those of this program, which is the one that serves. `recorded`: those
 * of the image that serves, which are its own business: its migration Job has recorded them in the control schema.
 */
export type WhoMigrates = 'own' | 'recorded'

/** What every collection of a pipeline has in common. */
export interface CollectionSettings {
  /** Null in lexical mode: no embedding model, BM25 only. */
  readonly space: VectorSpace | null
  readonly hnsw: HnswSettings
  readonly quantization?: 'scalar' | 'binary'
  readonly onDisk?: boolean
  readonly shardNumber?: number
  readonly replicationFactor?: number
}

/** What a tenant must have: a row, a schema, a role, a place for its vectors, knowledge bases and keys. */
export interface DesiredTenant {
  /** Id that the row gets when it is created (HTTP makes it first, because it is the owner's uid too); else a random one. */
  readonly id?: string
  readonly slug: string
  readonly displayName: string
  readonly plan: string
  readonly isolation: Isolation
  readonly disabled: boolean
  readonly quotas: Quotas
  readonly managedBy: ManagedBy
  readonly owner: Owner
  readonly adopt: boolean
  readonly collectionPrefix: string
  readonly vectors: CollectionSettings
  readonly migrations?: WhoMigrates
  readonly knowledgeBases: readonly DesiredKnowledgeBase[]
  readonly apiKeys: readonly DesiredApiKey[]
  /** What a resource says of models and answers; HTTP's own are never planned. */
  readonly settings?: DeclaredSettings
  /** Archived schema that it is made of when it is not there yet. */
  readonly restore?: string
}

export interface DesiredKnowledgeBase {
  readonly name: string
  readonly description: string
  /** What the resource says; fields it leaves out are the pipeline's. */
  readonly chunking: Partial<ChunkingSettings>
  readonly retrieval: Partial<RetrievalSettings>
  /** Absent: nothing is said of models and answers. */
  readonly settings?: DeclaredSettings
}

export interface DesiredApiKey {
  readonly name: string
  readonly role: Role
  /** Names of knowledge bases; absent: all. */
  readonly knowledgeBases?: readonly string[]
  /** A key older than this is replaced; both work for `overlapSeconds`. */
  readonly rotateAfterSeconds?: number
  readonly overlapSeconds: number
}

/** Where the secret keys that were minted are put for people to fetch: Secrets in a cluster, files in standalone mode. */
export interface KeyVault {
  /** Null when there is none yet (an explicit 404), never on another failure. */
  read(keyName: string): Promise<StoredKey | null>
  /** Notes beside the secret what has been asked for by now, so that no request is answered twice. */
  write(keyName: string, secret: string): Promise<void>
  /** No error when there is nothing to remove. */
  remove(keyName: string): Promise<void>
}

/** A secret as a vault has it. */
export interface StoredKey {
  readonly secret: string
  /** Whether somebody has asked for another key since this one was written. */
  readonly rotationAsked: boolean
}

/** The vault of tenants that HTTP made: their keys are shown once, in an answer, and kept nowhere. */
export const noVault: KeyVault = {
  read: async () => null,
  write: async keyName => {
    throw new Error(`there is no vault to put the key ${keyName} into`)
  },
  remove: async () => {},
}

/** `deletionPolicy`. Retain: everything stays, disabled. Snapshot: rows and points stay in an archive. Delete: nothing stays. */
export type RemovalPolicy = 'Retain' | 'Snapshot' | 'Delete'

/** A tenant that is to go. */
export interface TenantRemoval {
  readonly slug: string
  /** Only what bears this owner's marker is touched. */
  readonly owner: Owner
  /** It was to take over what bears another's marker, so that this goes as well. Absent: no. */
  readonly adopt?: boolean
  readonly policy: RemovalPolicy
  readonly collectionPrefix: string
  /** Names of the keys whose secrets are taken out of the vault. */
  readonly keyNames: readonly string[]
}

/** A pipeline that is to go. */
export interface PipelineRemoval {
  readonly owner: Owner
  readonly policy: Exclude<RemovalPolicy, 'Snapshot'>
  readonly collectionPrefix: string
}
