import type { Schemas } from '@qdrant/js-client-rest'
import { batches } from '../batches.ts'
import { byDocumentAndPosition, rank, TIE_MARGIN } from '../ranking.ts'
import { requireInScope, type VectorScope } from '../vector-scope.ts'
import {
  DimensionMismatch,
  type PageOfPoints,
  type PointSelector,
  type ScoredPoint,
  type SearchLeg,
  type SearchRequest,
  type SparseVector,
  type StoredPoint,
  type VectorPoint,
  type VectorStore,
} from '../vector-store.ts'
import { QdrantCollections } from './collections.ts'
import { isQdrantStatus, onCollection } from './errors.ts'
import { searchFilter, selectorFilter } from './filter.ts'
import { DENSE, fromPoint, fromRecord, shownPayload, SPARSE, toNumbers, toPoint, toSparse } from './points.ts'
import { type QdrantConnection, QdrantTransport } from './transport.ts'

/** Large enough to amortise a round trip, small enough for Qdrant's request limit of 32 MB and for one attempt's timeout. */
const BATCH = { count: 256, bytes: 8_000_000 }
/** Qdrant wants a limit; this one is none. */
const MOST_DOCUMENTS = 10_000_000
/** Ids that are looked up at once. */
const PAGE = 256

/** Vectors in a Qdrant of version 1.16 or newer, over its REST API. */
export class QdrantVectorStore implements VectorStore {
  readonly engine = 'qdrant'
  readonly collections: QdrantCollections
  readonly #transport: QdrantTransport

  constructor(connection: QdrantConnection) {
    this.#transport = new QdrantTransport(connection)
    this.collections = new QdrantCollections(this.#transport)
  }

  async ping(signal?: AbortSignal): Promise<string> {
    const [version, names] = await Promise.all([this.collections.version(signal), this.collections.list('', signal)])
    return `qdrant ${version}, ${names.length} collections`
  }

  async upsert(scope: VectorScope, points: readonly VectorPoint[]): Promise<void> {
    for (const point of points) requireInScope(scope, point.knowledgeBaseId)
    const prepared = points.map(point => toPoint(scope.tenantId, point))
    const denseLength = points.find(point => point.dense)?.dense?.length
    for (const batch of batches(prepared, BATCH, approximateBytes))
      await this.#onPoints(scope, 'PUT', '?wait=true', { points: batch }, { denseLength })
  }

  async updateSparse(scope: VectorScope, vectors: ReadonlyMap<string, SparseVector>): Promise<void> {
    for (const ids of batches(vectors.keys(), { count: PAGE, bytes: Infinity }, () => 0)) {
      // Qdrant updates vectors by id alone, so the ids are first reduced to those of the scope.
      const points = (await this.#present(scope, ids)).map(id => ({ id, vector: { [SPARSE]: sparseOf(vectors, id) } }))
      for (const batch of batches(points, BATCH, approximateBytes)) await this.#updateVectors(scope, batch)
    }
  }

  async search(scope: VectorScope, request: SearchRequest): Promise<ScoredPoint[][]> {
    const filter = searchFilter(scope, request.filter)
    const empty = request.legs.map((): ScoredPoint[] => [])
    if (filter === 'nothing') return empty
    const asked = request.legs.map((leg, index) => ({ leg, index })).filter(({ leg }) => !asksForNothing(leg))
    if (asked.length === 0) return empty
    const body = { searches: asked.map(({ leg }) => query(leg, filter)) }
    const denseLength = request.legs.find(leg => leg.using === 'dense')?.vector.length
    const options = { signal: request.signal, denseLength }
    const answers = await this.#onPoints<Schemas['QueryResponse'][]>(scope, 'POST', '/query/batch', body, options)
    for (const [place, { leg, index }] of asked.entries())
      empty[index] = rank(scored(answers[place]?.points ?? []), leg.limit)
    return empty
  }

  async get(scope: VectorScope, ids: readonly string[]): Promise<StoredPoint[]> {
    const found = await this.#scroll(scope, ids, shownPayload)
    return found.map(point => fromPoint(point.id, point.payload)).sort(byDocumentAndPosition)
  }

  async embeddings(scope: VectorScope, ids: readonly string[]): Promise<ReadonlyMap<string, Float32Array>> {
    const found = await this.#scroll(scope, ids, false, [DENSE]).catch((error: unknown) => {
      // A collection in lexical mode knows no such vector: nobody has one.
      if (error instanceof DimensionMismatch) return []
      throw error
    })
    return new Map(
      found.flatMap(({ id, vector }) => {
        const dense = (vector as { [DENSE]?: number[] } | null | undefined)?.[DENSE]
        return dense ? [[String(id), Float32Array.from(dense)] as const] : []
      }),
    )
  }

  async page(scope: VectorScope, { after, limit, documentId }: PageOfPoints): Promise<VectorPoint[]> {
    const filter = selectorFilter(scope, documentId === undefined ? { all: true } : { documentId })
    if (filter === 'nothing') return []
    // Qdrant begins with the offset itself, if it is still there.
    const body = { filter, offset: after, limit: limit + 1, with_payload: shownPayload, with_vector: true }
    const answer = await this.#onPoints<Schemas['ScrollResult']>(scope, 'POST', '/scroll', body)
    return answer.points.filter(({ id }) => id !== after).slice(0, limit).map(fromRecord) // prettier-ignore
  }

  async count(scope: VectorScope, selector: PointSelector): Promise<number> {
    const filter = selectorFilter(scope, selector)
    if (filter === 'nothing') return 0
    const answer = await this.#onPoints<Schemas['CountResult']>(scope, 'POST', '/count', { filter, exact: true })
    return answer.count
  }

  async countByDocument(scope: VectorScope): Promise<ReadonlyMap<string, number>> {
    const filter = selectorFilter(scope, { all: true })
    if (filter === 'nothing') return new Map()
    const { collection } = scope
    const path = `/collections/${encodeURIComponent(collection)}/facet`
    const body = { key: 'document_id', filter, limit: MOST_DOCUMENTS, exact: true }
    const answer = await onCollection(collection, () =>
      this.#transport.request<Schemas['FacetResponse']>('POST', path, body),
    )
    return new Map(answer.hits.map(({ value, count }) => [String(value), count]))
  }

  async delete(scope: VectorScope, selector: PointSelector): Promise<void> {
    const filter = selectorFilter(scope, selector)
    if (filter !== 'nothing') await this.#onPoints(scope, 'POST', '/delete?wait=true', { filter })
  }

  async close(): Promise<void> {
    this.#transport.close()
  }

  /** A point that was deleted since it was looked up makes Qdrant answer 404 after it updated the others. */
  async #updateVectors(scope: VectorScope, points: readonly { id: string; vector: unknown }[]): Promise<void> {
    try {
      await this.#onPoints(scope, 'PUT', '/vectors?wait=true', { points })
    } catch (error) {
      if (!isQdrantStatus(error, 404)) throw error
      const present = new Set(await this.#present(scope, points.map(point => point.id))) // prettier-ignore
      const left = points.filter(point => present.has(point.id))
      if (left.length === points.length) throw error
      if (left.length > 0) await this.#updateVectors(scope, left)
    }
  }

  async #present(scope: VectorScope, ids: readonly string[]): Promise<string[]> {
    return (await this.#scroll(scope, ids, false)).map(point => String(point.id))
  }

  /** Those of the named points that are in the scope. */
  async #scroll(
    scope: VectorScope,
    ids: readonly string[],
    payload: string[] | false,
    vectors: string[] | false = false,
  ): Promise<Schemas['Record'][]> {
    const found: Schemas['Record'][] = []
    for (const page of batches(new Set(ids), { count: PAGE, bytes: Infinity }, () => 0)) {
      const filter = selectorFilter(scope, { ids: page })
      if (filter === 'nothing') return []
      const body = { filter, limit: page.length, with_payload: payload, with_vector: vectors }
      const answer = await this.#onPoints<Schemas['ScrollResult']>(scope, 'POST', '/scroll', body)
      found.push(...answer.points)
    }
    return found
  }

  async #onPoints<T>(
    scope: VectorScope,
    method: 'PUT' | 'POST',
    path: string,
    body: unknown,
    { signal, denseLength }: { signal?: AbortSignal | undefined; denseLength?: number | undefined } = {},
  ): Promise<T> {
    const { collection } = scope
    const full = `/collections/${encodeURIComponent(collection)}/points${path}`
    return onCollection(collection, () => this.#transport.request<T>(method, full, body, { signal }), denseLength)
  }
}

function query(leg: SearchLeg, filter: Schemas['Filter']): Schemas['QueryRequest'] {
  const rest = { filter, limit: leg.limit + TIE_MARGIN, with_payload: shownPayload, with_vector: false }
  return leg.using === 'dense'
    ? { query: toNumbers(leg.vector), using: DENSE, ...rest }
    : { query: toSparse(leg.vector), using: SPARSE, ...rest }
}

/** A query without terms finds nothing; Qdrant may refuse it instead. */
function asksForNothing(leg: SearchLeg): boolean {
  return leg.limit <= 0 || (leg.using === 'sparse' && leg.vector.indices.length === 0)
}

function scored(points: readonly Schemas['ScoredPoint'][]): ScoredPoint[] {
  return points.map(point => ({ ...fromPoint(point.id, point.payload), score: point.score }))
}

function sparseOf(vectors: ReadonlyMap<string, SparseVector>, id: string): Schemas['SparseVector'] {
  return toSparse(vectors.get(id) ?? { indices: [], values: [] })
}

function approximateBytes(point: unknown): number {
  return JSON.stringify(point).length
}
