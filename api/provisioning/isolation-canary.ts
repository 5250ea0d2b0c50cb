import { randomUUID } from 'node:crypto'
import type { MetadataFilter } from '../stores/vectors/metadata-filter.ts'
import { pointId } from '../stores/vectors/point-id.ts'
import {
  type SparseVector,
  type VectorPoint,
  type VectorStore,
  VectorStoreUnavailable,
} from '../stores/vectors/vector-store.ts'
import { VectorScope } from '../stores/vectors/vector-scope.ts'

/** Where a tenant's vectors are, and how long they are; null in lexical mode. */
export interface VectorPlace {
  readonly tenantId: string
  readonly collection: string
  readonly dimension: number | null
}

const MARK = 'selfrag_canary'
const TERM = 1
const WEIGHT = 0.5
const all = { all: true } as const

/**
 * Puts a point of a tenant that does not exist beside the tenant's own and tries to reach it through the tenant's scope,
 * the way that all of the product goes: read, search, count, change and delete, each by every kind of selector. Then the
 * point is taken away again. Nobody else can have seen it, since nobody has its tenant's scope.
 * @returns the ways in which it was reached; empty when there was none
 * @throws VectorStoreUnavailable, also when the point does not show up, so that nothing is proved; CollectionMissing
 */
export async function attemptForeignVectors(vectors: VectorStore, place: VectorPlace): Promise<string[]> {
  const canary = canaryOf(place)
  const filter = { field: MARK, op: 'eq', value: String(canary.point.metadata[MARK]) } as const
  await vectors.upsert(canary.scope, [canary.point])
  try {
    return [...(await readings(vectors, place, canary.point, filter)), ...(await changes(vectors, place, canary))]
  } finally {
    await vectors.delete(canary.scope, all)
  }
}

/**
 * Tries to read a point of another tenant through the tenant's scope, to tell whose points are let out once it is known
 * that some are. Reads only: what is reached is somebody's.
 * @returns as {@link attemptForeignVectors}; empty also when the other one has no point there
 */
export async function attemptNeighbour(
  vectors: VectorStore,
  place: Pick<VectorPlace, 'tenantId' | 'collection'>,
  neighbourId: string,
): Promise<string[]> {
  const [point] = await vectors.page(new VectorScope(place.collection, neighbourId, 'all'), { after: null, limit: 1 })
  return point ? readings(vectors, place, point, null) : []
}

/** Takes away what a check that was cut off has left. */
export async function removeCanary(vectors: VectorStore, place: Omit<VectorPlace, 'dimension'>): Promise<void> {
  await vectors.delete(canaryOf({ ...place, dimension: null }).scope, all)
}

interface Canary {
  readonly scope: VectorScope
  readonly point: VectorPoint
}

/** Always the same for a tenant, so that one that was left behind is overwritten and found. */
function canaryOf({ tenantId, collection, dimension }: VectorPlace): Canary {
  const id = (part: string) => pointId(`canary ${part} of ${tenantId}`, 0)
  const point: VectorPoint = {
    id: id('point'),
    knowledgeBaseId: id('knowledge base'),
    documentId: id('document'),
    chunkId: id('chunk'),
    position: 0,
    text: 'If this shows up in a result, tenants are not isolated from each other.',
    // Drawn anew, so that no document of the tenant's own can bear it.
    metadata: { [MARK]: randomUUID() },
    sparse: sparse(WEIGHT),
    ...(dimension === null ? {} : { dense: firstAxis(dimension) }),
  }
  return { scope: new VectorScope(collection, id('tenant'), 'all'), point }
}

/**
 * What reads, each by a selector that only the point and its like meet, so that a collection of any size shows it.
 * @param filter what only the point meets; null: nothing is known
 */
async function readings(
  vectors: VectorStore,
  place: Pick<VectorPlace, 'tenantId' | 'collection'>,
  point: VectorPoint,
  filter: MetadataFilter | null,
): Promise<string[]> {
  const scope = new VectorScope(place.collection, place.tenantId, 'all')
  const legs = [
    { using: 'sparse', vector: point.sparse, limit: 3 } as const,
    ...(point.dense ? [{ using: 'dense', vector: point.dense, limit: 3 } as const] : []),
  ]
  const { id, documentId, knowledgeBaseId } = point
  const found: [what: string, points: number][] = await Promise.all([
    vectors.get(scope, [id]).then(points => ['read a point by its id', points.length]),
    vectors.count(scope, { documentId }).then(points => ['count points of a document', points]),
    ...(filter
      ? [
          vectors
            .search(scope, { legs, filter })
            .then((lists): [string, number] => ['search with a filter', lists.flat().length]),
        ]
      : []),
    vectors.search(scope.narrow([knowledgeBaseId]), { legs }).then(lists => ['search in a knowledge base', lists.flat().length]), // prettier-ignore
  ] satisfies Promise<[string, number]>[])
  return found.filter(([, points]) => points > 0).map(([what]) => what)
}

async function changes(vectors: VectorStore, place: VectorPlace, { scope: own, point }: Canary): Promise<string[]> {
  const scope = new VectorScope(place.collection, place.tenantId, 'all')
  await vectors.updateSparse(scope, new Map([[point.id, sparse(WEIGHT * 2)]]))
  const [hits] = await vectors.search(own, { legs: [{ using: 'sparse', vector: sparse(1), limit: 1 }] })
  const score = hits?.[0]?.score
  if (score === undefined) throw new VectorStoreUnavailable(`the point that isolation in ${place.collection} is checked with is not there yet`) // prettier-ignore
  const reached = Math.abs(score - WEIGHT) > 1e-6 ? ['change the weights of a point'] : []
  for (const [what, selector] of [
    ['delete a point by its id', { ids: [point.id] }],
    ['delete the points of a document', { documentId: point.documentId }],
  ] as const) {
    await vectors.delete(scope, selector)
    if ((await vectors.count(own, all)) > 0) continue
    reached.push(what)
    await vectors.upsert(own, [point])
  }
  return reached
}

function sparse(value: number): SparseVector {
  return { indices: [TERM], values: [value] }
}

function firstAxis(dimension: number): number[] {
  return Array.from({ length: dimension }, (_, index) => (index === 0 ? 1 : 0))
}
