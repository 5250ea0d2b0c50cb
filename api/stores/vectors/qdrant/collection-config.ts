import type { Schemas } from '@qdrant/js-client-rest'
import type { Distance } from '../../../contract/fingerprint.ts'
import { OWNER_KEY, type Owner, ownerSchema } from '../../../contract/ownership.ts'
import { type CollectionTuning, showHnsw, showTuning, type TuningPart, type TuningWords } from '../tuning.ts'
import {
  type CollectionSpec,
  type CollectionState,
  type HnswSettings,
  type PayloadIndex,
  payloadIndexes,
} from '../vector-store.ts'
import { DENSE, SPARSE } from './points.ts'

type Tenancy = 'shared' | 'dedicated'

const FINGERPRINT_KEY = 'selfrag_fingerprint'
const TENANCY_KEY = 'selfrag_tenancy'
/** What was set last, in words: what differs from it was changed by somebody else. */
const TUNING_KEY = 'selfrag_tuning'
const distances = { cosine: 'Cosine', dot: 'Dot', euclid: 'Euclid' } as const

/** The body that creates a collection. */
export function createBody(spec: CollectionSpec): Schemas['CreateCollection'] {
  return {
    vectors: spec.dense ? { [DENSE]: denseParams(spec.dense, spec.onDisk) } : {},
    // No `modifier: idf`: the weights are ours and already hold it (hack/adr/0003-bm25-weights.md).
    sparse_vectors: { [SPARSE]: spec.onDisk === undefined ? {} : { index: { on_disk: spec.onDisk } } },
    hnsw_config: hnswConfig(spec.hnsw, spec.tenancy),
    ...(spec.quantization && { quantization_config: quantizationConfig(spec.quantization) }),
    ...(spec.shardNumber !== undefined && { shard_number: spec.shardNumber }),
    ...(spec.replicationFactor !== undefined && { replication_factor: spec.replicationFactor }),
    metadata: {
      ...ownerMetadata(spec.owner),
      [FINGERPRINT_KEY]: spec.fingerprint,
      [TENANCY_KEY]: spec.tenancy,
      [TUNING_KEY]: showTuning(spec),
    },
  }
}

function denseParams(dense: { dimension: number; distance: Distance }, onDisk?: boolean): Schemas['VectorParams'] {
  return {
    size: dense.dimension,
    distance: distances[dense.distance],
    ...(onDisk !== undefined && { on_disk: onDisk }),
  }
}

/**
 * In a shared collection no graph spans all tenants (m 0): each tenant gets one of its own (payload_m), so that a search
 * inside one tenant does not wander through the others' points.
 */
export function hnswConfig(hnsw: HnswSettings, tenancy: Tenancy): Schemas['HnswConfigDiff'] {
  const graph = tenancy === 'shared' ? { m: 0, payload_m: hnsw.m } : { m: hnsw.m }
  return { ...graph, ef_construct: hnsw.efConstruct, full_scan_threshold: hnsw.fullScanThreshold }
}

function quantizationConfig(kind: 'scalar' | 'binary'): Schemas['QuantizationConfig'] {
  return kind === 'scalar' ? { scalar: { type: 'int8', always_ram: true } } : { binary: { always_ram: true } }
}

/** Patching metadata replaces the keys that are named and leaves the others. */
export function ownerMetadata(owner: Owner): Record<string, unknown> {
  return { [OWNER_KEY]: owner }
}

export function indexBody(index: PayloadIndex, tenancy: Tenancy): Schemas['CreateFieldIndex'] {
  // is_tenant lays a tenant's points next to each other on disk.
  const tenant = index === 'tenant_id' && tenancy === 'shared'
  return { field_name: index, field_schema: { type: 'keyword', ...(tenant && { is_tenant: true }) } }
}

/** The body that sets one part of the tuning, wherever it is set now: for the collection, or for the vector alone. */
export function tuneBody(
  info: Schemas['CollectionInfo'],
  tuning: CollectionTuning,
  part: TuningPart,
): Schemas['UpdateCollection'] {
  const dense = denseVector(info)
  const before = info.config.metadata?.[TUNING_KEY]
  const metadata = { [TUNING_KEY]: { ...(isWords(before) ? before : {}), [part]: showTuning(tuning)[part] } }
  const ofVector = (params: Schemas['VectorParamsDiff']) => (dense ? { vectors: { [DENSE]: params } } : {})
  switch (part) {
    case 'hnsw': {
      const config = hnswConfig(tuning.hnsw, tenancyOf(info))
      return { metadata, hnsw_config: config, ...(dense?.hnsw_config ? ofVector({ hnsw_config: config }) : {}) }
    }
    case 'quantization': {
      const config = tuning.quantization ? quantizationConfig(tuning.quantization) : 'Disabled'
      return { metadata, quantization_config: config, ...(dense?.quantization_config ? ofVector({ quantization_config: config }) : {}) } // prettier-ignore
    }
    case 'onDisk': {
      const on_disk = tuning.onDisk ?? false
      return { metadata, ...ofVector({ on_disk }), sparse_vectors: { [SPARSE]: { index: { on_disk } } } }
    }
  }
}

/** What Qdrant says about a collection, in our words; null where it is not as this product makes it. */
export function readState(name: string, info: Schemas['CollectionInfo']): CollectionState {
  const { params, metadata } = info.config
  const tenancy = tenancyOf(info)
  const tunedTo = metadata?.[TUNING_KEY]
  const fingerprint: unknown = metadata?.[FINGERPRINT_KEY]
  const owner = ownerSchema.safeParse(metadata?.[OWNER_KEY])
  return {
    name,
    dense: readDense(info),
    sparse: SPARSE in (params.sparse_vectors ?? {}),
    tuning: { hnsw: readHnsw(info, tenancy), quantization: readQuantization(info), onDisk: readOnDisk(info) },
    tunedTo: isWords(tunedTo) ? tunedTo : null,
    tenancy,
    owner: owner.success ? owner.data : null,
    fingerprint: typeof fingerprint === 'string' ? fingerprint : null,
    ...readIndexes(info, tenancy),
    points: info.points_count ?? 0,
  }
}

function readDense(info: Schemas['CollectionInfo']): CollectionState['dense'] {
  const dense = denseVector(info)
  const known = (Object.keys(distances) as Distance[]).find(name => distances[name] === dense?.distance)
  return known && dense?.size !== undefined ? { dimension: dense.size, distance: known } : null
}

/** Collections that were made before it was noted down are told apart by their graph. */
function tenancyOf({ config }: Schemas['CollectionInfo']): Tenancy {
  const noted = config.metadata?.[TENANCY_KEY]
  if (noted === 'shared' || noted === 'dedicated') return noted
  return config.hnsw_config.m === 0 ? 'shared' : 'dedicated'
}

function denseVector({ config }: Schemas['CollectionInfo']): Partial<Schemas['VectorParams']> | undefined {
  const vectors = config.params.vectors as Record<string, Partial<Schemas['VectorParams']> | undefined> | undefined
  return vectors?.[DENSE]
}

/** What is set for the vector alone comes before what is set for the collection. */
function readHnsw(info: Schemas['CollectionInfo'], tenancy: Tenancy): string {
  const hnsw = { ...info.config.hnsw_config, ...present(denseVector(info)?.hnsw_config ?? {}) }
  const { ef_construct: efConstruct, full_scan_threshold: fullScanThreshold } = hnsw
  const m = tenancy === 'shared' ? (hnsw.payload_m ?? 0) : hnsw.m
  const across = tenancy === 'shared' && hnsw.m !== 0 ? `, and m ${hnsw.m} across all tenants` : ''
  return showHnsw({ m, efConstruct, fullScanThreshold }) + across
}

function readQuantization(info: Schemas['CollectionInfo']): string {
  const config = denseVector(info)?.quantization_config ?? info.config.quantization_config
  return Object.keys(config ?? {})[0] ?? 'none'
}

function readOnDisk(info: Schemas['CollectionInfo']): string {
  const dense = denseVector(info)
  const sparse = info.config.params.sparse_vectors?.[SPARSE]?.index?.on_disk === true
  const both = dense ? dense.on_disk === true : sparse
  return both === sparse ? String(sparse) : `dense ${both}, sparse ${sparse}`
}

function readIndexes(
  { payload_schema: found }: Schemas['CollectionInfo'],
  tenancy: Tenancy,
): Pick<CollectionState, 'indexes' | 'wrongIndexes'> {
  const told = payloadIndexes.map(
    index => [index, showIndex(index, found[index]), wantedIndex(index, tenancy)] as const,
  )
  return {
    indexes: told.filter(([, is, wanted]) => is === wanted).map(([index]) => index).sort(),
    wrongIndexes: Object.fromEntries(
      told.filter(([, is, wanted]) => is !== null && is !== wanted).map(([index, is, wanted]) => [index, { wanted, found: is }]),
    ),
  } // prettier-ignore
}

function wantedIndex(index: PayloadIndex, tenancy: Tenancy): string {
  return index === 'tenant_id' && tenancy === 'shared' ? 'keyword with is_tenant' : 'keyword'
}

/** `is_tenant` of other fields only moves points on the disk. */
function showIndex(index: PayloadIndex, schema: Schemas['PayloadIndexInfo'] | undefined): string | null {
  if (!schema) return null
  const { params } = schema
  const isTenant = index === 'tenant_id' && params && 'is_tenant' in params && params.is_tenant === true
  return isTenant ? `${schema.data_type} with is_tenant` : schema.data_type
}

function isWords(value: unknown): value is TuningWords {
  return typeof value === 'object' && value !== null
}

/** A null in a diff says nothing. */
function present<T extends object>(config: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(
    Object.entries(config).filter(([, value]) => value !== null && value !== undefined),
  ) as never
}
