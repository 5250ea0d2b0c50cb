import { randomUUID } from 'node:crypto'
import { v5 as uuidv5 } from 'uuid'
import type { CollectionSpec, SparseVector, VectorPoint } from '../../api/stores/vectors/vector-store.ts'

/** What the suites of the vector store's contract make their data with. */

export const DIMENSION = 8

export const spec = (changes: Partial<CollectionSpec> = {}): CollectionSpec => ({
  dense: { dimension: DIMENSION, distance: 'cosine' },
  hnsw: { m: 16, efConstruct: 100, fullScanThreshold: 10_000 },
  tenancy: 'shared',
  owner: { cluster: 'cluster-1', uid: 'uid-1', name: 'RagPipeline/default/demo' },
  fingerprint: '0123456789abcdef',
  ...changes,
})

export function lexicalSpec(): CollectionSpec {
  const { dense: _, ...rest } = spec()
  return rest
}

/** Names of their own for each suite, as the server is shared by the run. */
export const uniquePrefix = (): string => `test_${randomUUID().slice(0, 8)}`

/** A readable name as a point's id. */
export const idOf = (name: string): string => uuidv5(name, '00000000-0000-4000-8000-000000000000')

export function point(name: string, changes: Partial<VectorPoint> = {}): VectorPoint {
  return {
    id: idOf(name),
    knowledgeBaseId: 'kb-1',
    documentId: 'document-1',
    chunkId: `chunk of ${name}`,
    position: 0,
    text: name,
    metadata: {},
    dense: axis(0),
    sparse: { indices: [1], values: [1] },
    ...changes,
  }
}

/** The unit vector along one dimension. */
export const axis = (index: number): number[] => Array.from({ length: DIMENSION }, (_, i) => (i === index ? 1 : 0))

export function randomUnit(random: () => number, dimension = DIMENSION): Float32Array {
  const raw = Array.from({ length: dimension }, () => random() * 2 - 1)
  const length = Math.hypot(...raw)
  return Float32Array.from(raw, value => value / length)
}

export function randomSparse(random: () => number, vocabulary = 40, terms = 6): SparseVector {
  const indices = new Set(Array.from({ length: terms }, () => Math.floor(random() * vocabulary) * 13_421_772))
  const sorted = [...indices].sort((a, b) => a - b)
  return { indices: sorted, values: sorted.map(() => Math.fround(random() * 3 + 0.01)) }
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
}

export function sparseDot(a: SparseVector, b: SparseVector): number {
  const weights = new Map(b.indices.map((index, i) => [index, b.values[i] ?? 0]))
  return a.indices.reduce((sum, index, i) => sum + (a.values[i] ?? 0) * (weights.get(index) ?? 0), 0)
}
