import type { Schemas } from '@qdrant/js-client-rest'
import type { Distance } from '../../../contract/fingerprint.ts'
import { OWNER_KEY, type Owner, ownerSchema } from '../../../contract/ownership.ts'
import type { CollectionSpec, CollectionState, HnswSettings, PayloadIndex } from '../vector-store.ts'
import { DENSE, SPARSE } from './points.ts'

type Tenancy = 'shared' | 'dedicated'

const FINGERPRINT_KEY = 'selfrag_fingerprint'
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
    metadata: { ...ownerMetadata(spec.owner), [FINGERPRINT_KEY]: spec.fingerprint },
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

/** What Qdrant says about a collection, in our words; null where it is not as this product makes it. */
export function readState(name: string, info: Schemas['CollectionInfo']): CollectionState {
  const { params, hnsw_config: hnsw, metadata } = info.config
  const tenancy = hnsw.m === 0 ? 'shared' : 'dedicated'
  const fingerprint: unknown = metadata?.[FINGERPRINT_KEY]
  const owner = ownerSchema.safeParse(metadata?.[OWNER_KEY])
  return {
    name,
    dense: readDense(params.vectors),
    sparse: SPARSE in (params.sparse_vectors ?? {}),
    hnsw: {
      m: tenancy === 'shared' ? (hnsw.payload_m ?? 0) : hnsw.m,
      efConstruct: hnsw.ef_construct,
      fullScanThreshold: hnsw.full_scan_threshold,
    },
    tenancy,
    owner: owner.success ? owner.data : null,
    fingerprint: typeof fingerprint === 'string' ? fingerprint : null,
    indexes: Object.keys(info.payload_schema).sort(),
    points: info.points_count ?? 0,
  }
}

function readDense(vectors: Schemas['VectorsConfig'] | undefined): CollectionState['dense'] {
  const dense = (vectors as Record<string, Partial<Schemas['VectorParams']> | undefined> | undefined)?.[DENSE]
  const known = (Object.keys(distances) as Distance[]).find(name => distances[name] === dense?.distance)
  return known && dense?.size !== undefined ? { dimension: dense.size, distance: known } : null
}
