import type { Distance } from '../../contract/fingerprint.ts'
import type { Owner } from '../../contract/ownership.ts'
import type { MetadataFilter } from './metadata-filter.ts'
import type { CollectionTuning, TuningPart, TuningWords } from './tuning.ts'
import type { VectorScope } from './vector-scope.ts'

/** A bag of weighted terms: parallel arrays, indices strictly ascending and below 2^29 (the limit that pgvector sets). */
export interface SparseVector {
  readonly indices: readonly number[]
  readonly values: readonly number[]
}

/** One chunk as a vector store keeps it. Ids are deterministic (see point-id.ts), so writing twice overwrites. */
export interface VectorPoint {
  readonly id: string
  readonly knowledgeBaseId: string
  readonly documentId: string
  readonly chunkId: string
  readonly position: number
  readonly text: string
  /** The document's metadata and the chunk's own (heading, page), as the caller gave it: the part that filters see. */
  readonly metadata: Readonly<Record<string, unknown>>
  /** Absent in lexical mode (no embedding model at hand). Unit length when the collection's distance is cosine. */
  readonly dense?: readonly number[] | Float32Array
  readonly sparse: SparseVector
}

export type StoredPoint = Omit<VectorPoint, 'dense' | 'sparse'>

/** A point and how well it fits: the engine's similarity for dense (cosine: −1…1), the dot product for sparse. */
export interface ScoredPoint extends StoredPoint {
  readonly score: number
}

/** What a leg looks for. */
export type LegVector =
  | { readonly using: 'dense'; readonly vector: readonly number[] | Float32Array }
  | { readonly using: 'sparse'; readonly vector: SparseVector }

/** One ranked list to fetch. Several legs travel in one request and are ranked independently. */
export type SearchLeg = LegVector & { readonly limit: number }

export interface SearchRequest {
  readonly legs: readonly SearchLeg[]
  readonly filter?: MetadataFilter
  /** Gives up with a VectorStoreUnavailable when aborted. */
  readonly signal?: AbortSignal
}

/** Which points of a scope: all of them, those of one document, or named ones. */
export type PointSelector =
  | { readonly all: true }
  | { readonly documentId: string; readonly exceptIds?: readonly string[] }
  | { readonly ids: readonly string[] }

export interface PageOfPoints {
  readonly after: string | null
  readonly limit: number
  /** Of one document only. */
  readonly documentId?: string
}

/**
 * What holds the vectors. `qdrant/` and `pgvector/` implement it, and test/contract/vector-store.ts is what both must
 * pass. Every method that touches points takes a {@link VectorScope}: there is no way to reach a point without one.
 *
 * Errors: {@link VectorStoreUnavailable} when the store cannot be reached or answers 5xx/429 (worth a retry), a
 * {@link CollectionMissing} when the scope's collection is not there, {@link DimensionMismatch} for a wrong vector.
 */
export interface VectorStore {
  readonly engine: 'qdrant' | 'pgvector'

  /** Resolves when the store answers; a few words about it for /ready, such as `qdrant 1.18.3, 5 collections`. */
  ping(signal?: AbortSignal): Promise<string>

  /** Writes points, overwriting those with the same id; visible to searches when it resolves. Splits into batches itself. */
  upsert(scope: VectorScope, points: readonly VectorPoint[]): Promise<void>

  /** Replaces only the sparse vectors of existing points. */
  updateSparse(scope: VectorScope, vectors: ReadonlyMap<string, SparseVector>): Promise<void>

  /** One list per leg, in the legs' order, best first; ties broken by point id so that equal requests give equal lists. */
  search(scope: VectorScope, request: SearchRequest): Promise<ScoredPoint[][]>

  /** The points themselves, ordered by document and position; ids that are not in the scope are left out. */
  get(scope: VectorScope, ids: readonly string[]): Promise<StoredPoint[]>

  /** Dense vectors by point id; those that have none, or are not in the scope, are left out. */
  embeddings(scope: VectorScope, ids: readonly string[]): Promise<ReadonlyMap<string, Float32Array>>

  /**
   * Whole points, vectors included, in the order of their ids: at most `limit` of those after the id `after`. For copying
   * a scope piece by piece.
   */
  page(scope: VectorScope, page: PageOfPoints): Promise<VectorPoint[]>

  /** Exact. */
  count(scope: VectorScope, selector: PointSelector): Promise<number>

  /** How many points each document of the scope has; those that have none are left out. Exact. */
  countByDocument(scope: VectorScope): Promise<ReadonlyMap<string, number>>

  /** Gone when it resolves; no error when there is nothing to delete. */
  delete(scope: VectorScope, selector: PointSelector): Promise<void>

  readonly collections: CollectionAdmin

  close(): Promise<void>
}

export interface HnswSettings {
  readonly m: number
  readonly efConstruct: number
  readonly fullScanThreshold: number
}

/** A collection as it should be; what provisioning compares with {@link CollectionState}. */
export interface CollectionSpec extends CollectionTuning {
  /** Absent in lexical mode: the collection then has the sparse vector only. */
  readonly dense?: { readonly dimension: number; readonly distance: Distance }
  /** `shared`: many tenants, so an `is_tenant` index and `payload_m` graph; `dedicated`: one tenant. */
  readonly tenancy: 'shared' | 'dedicated'
  readonly shardNumber?: number
  readonly replicationFactor?: number
  readonly owner: Owner
  readonly fingerprint: string
}

/** A collection as it is. A field is null when the collection was made by somebody else and lacks it. */
export interface CollectionState {
  /** Its real name, `…_g1`, never an alias. */
  readonly name: string
  readonly dense: { readonly dimension: number; readonly distance: Distance } | null
  readonly sparse: boolean
  /** What there is of each part; equal to {@link showTuning} when it is as this product makes it. */
  readonly tuning: TuningWords
  /** What was set last by this product, to tell a change of ours from somebody else's; null when that is not known. */
  readonly tunedTo: TuningWords | null
  readonly tenancy: 'shared' | 'dedicated' | null
  readonly owner: Owner | null
  readonly fingerprint: string | null
  /** The payload indexes that are there and as they should be. */
  readonly indexes: readonly PayloadIndex[]
  /** Fields of {@link payloadIndexes} that have an index of another kind: what it should be, and what it is. */
  readonly wrongIndexes: Readonly<Partial<Record<PayloadIndex, { readonly wanted: string; readonly found: string }>>>
  readonly points: number
}

/**
 * The payload fields that scopes, deletes and metadata filters ask for; each has an index in every collection.
 * `filter_terms` holds the metadata in the form of filter-terms.ts, so that one index serves every field there may be.
 */
export const payloadIndexes = ['tenant_id', 'kb_id', 'document_id', 'filter_terms'] as const
export type PayloadIndex = (typeof payloadIndexes)[number]

/**
 * The collections themselves; only api/provisioning calls these. All are idempotent, and `create` reads again before it
 * reports a failure, because a server can time out and still have created.
 */
export interface CollectionAdmin {
  /** By real name or alias; null when there is none. */
  describe(name: string): Promise<CollectionState | null>
  /** The real name behind an alias; null when there is no such alias. */
  resolve(alias: string): Promise<string | null>
  /** Real names that begin with `prefix`, sorted. */
  list(prefix: string): Promise<string[]>
  create(name: string, spec: CollectionSpec): Promise<void>
  createIndex(name: string, index: PayloadIndex, tenancy: 'shared' | 'dedicated'): Promise<void>
  /** The same in place of an index of another kind; filters on the field are slower until it is there. */
  replaceIndex(name: string, index: PayloadIndex, tenancy: 'shared' | 'dedicated'): Promise<void>
  /** Sets one part as `tuning` has it, and remembers that. A part that the engine does not have is left alone. */
  tune(name: string, tuning: CollectionTuning, part: TuningPart): Promise<void>
  /** Replaces the ownership marker (adoption) and leaves the fingerprint alone. */
  setOwner(name: string, owner: Owner): Promise<void>
  /** Points the alias at a collection, atomically away from where it pointed before. */
  setAlias(alias: string, name: string): Promise<void>
  deleteAlias(alias: string): Promise<void>
  /** Deletes the collection with its points, and aliases that point at it. */
  delete(name: string): Promise<void>
}

/** The store cannot be reached, is overloaded, or answered with a fault of its own. Trying again later may help. */
export class VectorStoreUnavailable extends Error {
  override readonly name = 'VectorStoreUnavailable'
  /** `refused`: only another API key helps. */
  readonly why: 'away' | 'overloaded' | 'refused'
  /** The store asks not to be asked before, if it said so. */
  readonly retryAfterMs: number | undefined

  constructor(
    message: string,
    options: ErrorOptions & { why?: VectorStoreUnavailable['why']; retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options)
    this.why = options.why ?? 'away'
    this.retryAfterMs = options.retryAfterMs
  }
}

/** The scope's collection is not there: provisioning has not run yet, or somebody deleted it. */
export class CollectionMissing extends Error {
  override readonly name = 'CollectionMissing'
  readonly collection: string
  constructor(collection: string, options?: ErrorOptions) {
    super(`collection ${collection} does not exist; the pipeline's reconciliation creates it`, options)
    this.collection = collection
  }
}

/** A vector of another length than the collection's. Never worth a retry. */
export class DimensionMismatch extends Error {
  override readonly name = 'DimensionMismatch'
  constructor(collection: string, expected: number, got: number, options?: ErrorOptions) {
    super(`collection ${collection} holds vectors of ${expected} dimensions, the embedding has ${got}`, options)
  }
}
