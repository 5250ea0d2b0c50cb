import type { Schemas } from '@qdrant/js-client-rest'
import { filterTerms } from '../filter-terms.ts'
import type { SparseVector, StoredPoint, VectorPoint } from '../vector-store.ts'

export const DENSE = 'dense'
export const SPARSE = 'bm25'

/** What searches give back of a payload: not the terms, which are for Qdrant alone. */
export const shownPayload = ['kb_id', 'document_id', 'chunk_id', 'position', 'text', 'metadata']

interface Payload {
  readonly kb_id: string
  readonly document_id: string
  readonly chunk_id: string
  readonly position: number
  readonly text: string
  readonly metadata: Record<string, unknown>
}

export function toPoint(tenantId: string, point: VectorPoint): Schemas['PointStruct'] {
  const { terms, numbers } = filterTerms(point.metadata)
  const payload: Payload & Record<string, unknown> = {
    tenant_id: tenantId,
    kb_id: point.knowledgeBaseId,
    document_id: point.documentId,
    chunk_id: point.chunkId,
    position: point.position,
    text: point.text,
    metadata: point.metadata,
    filter_terms: terms,
    filter_numbers: numbers,
  }
  const dense = point.dense && { [DENSE]: toNumbers(point.dense) }
  return { id: point.id, vector: { ...dense, [SPARSE]: toSparse(point.sparse) }, payload }
}

export function toSparse(vector: SparseVector): Schemas['SparseVector'] {
  return { indices: [...vector.indices], values: [...vector.values] }
}

/** A Float32Array as JSON would be an object. */
export function toNumbers(vector: readonly number[] | Float32Array): number[] {
  return Array.from(vector)
}

export function fromPoint(id: unknown, payload: unknown): StoredPoint {
  const stored = payload as Payload
  return {
    id: String(id),
    knowledgeBaseId: stored.kb_id,
    documentId: stored.document_id,
    chunkId: stored.chunk_id,
    position: stored.position,
    text: stored.text,
    metadata: stored.metadata,
  }
}

/** A point with its vectors, as a scroll gives it. */
export function fromRecord({ id, payload, vector }: Schemas['Record']): VectorPoint {
  const { [DENSE]: dense, [SPARSE]: sparse } = vector as { [DENSE]?: number[]; [SPARSE]?: Schemas['SparseVector'] }
  return {
    ...fromPoint(id, payload),
    ...(dense && { dense }),
    sparse: ascending(sparse ?? { indices: [], values: [] }),
  }
}

/** The contract's order, in which Qdrant need not give it. */
function ascending({ indices, values }: Schemas['SparseVector']): SparseVector {
  const pairs = indices.map((index, place) => [index, values[place] ?? 0] as const).sort(([a], [b]) => a - b)
  return { indices: pairs.map(([index]) => index), values: pairs.map(([, value]) => value) }
}
