import { isDeepStrictEqual } from 'node:util'
import type { Knex } from 'knex'
import { LRUCache } from 'lru-cache'
import { batches } from '../batches.ts'
import { compileFilter } from '../compile-filter.ts'
import { filterTerms } from '../filter-terms.ts'
import { byDocumentAndPosition, rank } from '../ranking.ts'
import { requireInScope, type VectorScope } from '../vector-scope.ts'
import {
  CollectionMissing,
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
  VectorStoreUnavailable,
} from '../vector-store.ts'
import { PgCollections } from './collections.ts'
import { type Fragment, filterCondition, join, scopeCondition, selectorCondition } from './conditions.ts'
import { named, onTable } from './faults.ts'
import { type CollectionRow, extensionVersion, findCollection, qualified } from './registry.ts'
import {
  fromRow,
  fromWholeRow,
  type HitRow,
  POINT_COLUMNS,
  type PointRow,
  toRow,
  UPDATE_SPARSE,
  UPSERT,
  type WholeRow,
} from './rows.ts'
import { searchInTable } from './search.ts'
import { parseDense, sparseText } from './vector-text.ts'

/** A statement a batch, so that a batch is written whole or not at all. */
const BATCH = { count: 256, bytes: 8_000_000 }

/** Vectors in the pipeline's Postgres, with pgvector 0.7 or newer. The database is the caller's, who also closes it. */
export class PgVectorStore implements VectorStore {
  readonly engine = 'pgvector'
  readonly collections: PgCollections
  readonly #database: Knex
  /** Where searches found collections the last time, by the name that they asked for. */
  readonly #remembered = new LRUCache<string, CollectionRow>({ max: 1000 })

  constructor({ database }: { readonly database: Knex }) {
    this.#database = database
    this.collections = new PgCollections(database)
  }

  async ping(signal?: AbortSignal): Promise<string> {
    const version = await unlessAborted(named(() => extensionVersion(this.#database)), signal) // prettier-ignore
    if (version === null) return 'pgvector, not yet installed'
    return `pgvector ${version}, ${(await this.collections.list('')).length} collections`
  }

  async upsert(scope: VectorScope, points: readonly VectorPoint[]): Promise<void> {
    for (const point of points) requireInScope(scope, point.knowledgeBaseId)
    await this.#onTable(scope, async (row, table) => {
      for (const { dense } of points) if (dense) requireDimension(scope, row, dense.length)
      // In one order everywhere, or two writers of the same points could wait for each other.
      const ordered = points.toSorted((a, b) => (a.id < b.id ? -1 : 1))
      const rows = ordered.map(point => toRow(scope.tenantId, point, filterTerms(point.metadata)))
      for (const batch of batches(
        rows.map(one => JSON.stringify(one)),
        BATCH,
        json => json.length,
      ))
        // prettier-ignore
        await this.#database.raw(UPSERT[row.dimension === null ? 'lexical' : 'dense'], [table, `[${batch.join(',')}]`])
    })
  }

  async updateSparse(scope: VectorScope, vectors: ReadonlyMap<string, SparseVector>): Promise<void> {
    await this.#onTable(scope, async (_, table) => {
      const ordered = [...vectors].sort(([a], [b]) => (a < b ? -1 : 1))
      const { sql, values } = scopeCondition(scope)
      const rows = ordered.map(([id, vector]) => JSON.stringify({ id, sparse: sparseText(vector) }))
      for (const batch of batches(rows, BATCH, json => json.length))
        await this.#database.raw(`${UPDATE_SPARSE} AND ${sql}`, [table, `[${batch.join(',')}]`, ...values])
    })
  }

  async search(scope: VectorScope, request: SearchRequest): Promise<ScoredPoint[][]> {
    const condition = searchCondition(scope, request)
    if (condition === 'nothing') return request.legs.map(() => [])
    const search = this.#onRememberedTable(scope, async (row, table) => {
      for (const leg of request.legs) if (leg.using === 'dense') requireDimension(scope, row, leg.vector.length)
      const legs = request.legs.map((leg, index) => ({ leg, index })).filter(({ leg }) => !asksForNothing(leg))
      const hits = legs.length === 0 ? [] : await searchInTable(this.#database, row, table, legs, condition)
      return request.legs.map((leg, index) => rank(hits.filter(hit => hit.leg === index).map(fromHit), leg.limit))
    })
    return unlessAborted(search, request.signal)
  }

  async get(scope: VectorScope, ids: readonly string[]): Promise<StoredPoint[]> {
    const rows = await this.#select<PointRow>(scope, { ids }, POINT_COLUMNS)
    return rows.map(fromRow).sort(byDocumentAndPosition)
  }

  async embeddings(scope: VectorScope, ids: readonly string[]): Promise<ReadonlyMap<string, Float32Array>> {
    const { sql, values } = selectorCondition(scope, { ids })
    return this.#onTable(scope, async (row, table) => {
      if (row.dimension === null) return new Map()
      const statement = `SELECT id, dense::text AS dense FROM ?? WHERE (${sql}) AND dense IS NOT NULL`
      const { rows } = await this.#database.raw<{ rows: { id: string; dense: string }[] }>(statement, [table, ...values]) // prettier-ignore
      return new Map(rows.map(({ id, dense }) => [id, Float32Array.from(parseDense(dense))]))
    })
  }

  async page(scope: VectorScope, { after, limit, documentId }: PageOfPoints): Promise<VectorPoint[]> {
    const { sql, values } = selectorCondition(scope, documentId === undefined ? { all: true } : { documentId })
    return this.#onTable(scope, async (row, table) => {
      const dense = row.dimension === null ? 'NULL' : 'dense'
      const statement = `SELECT ${POINT_COLUMNS}, ${dense}::text AS dense, sparse::text AS sparse FROM ??
                          WHERE ${sql} AND (?::uuid IS NULL OR id > ?::uuid) ORDER BY id LIMIT ?`
      const { rows } = await this.#database.raw<{ rows: WholeRow[] }>(statement, [
        table,
        ...values,
        after,
        after,
        limit,
      ])
      return rows.map(fromWholeRow)
    })
  }

  async count(scope: VectorScope, selector: PointSelector): Promise<number> {
    const [row] = await this.#select<{ count: string }>(scope, selector, 'count(*)')
    return Number(row?.count ?? 0)
  }

  async countByDocument(scope: VectorScope): Promise<ReadonlyMap<string, number>> {
    const { sql, values } = scopeCondition(scope)
    return this.#onTable(scope, async (_, table) => {
      const statement = `SELECT document_id, count(*) AS points FROM ?? WHERE ${sql} GROUP BY 1`
      const { rows } = await this.#database.raw<{ rows: { document_id: string; points: string }[] }>(statement, [table, ...values]) // prettier-ignore
      return new Map(rows.map(({ document_id, points }) => [document_id, Number(points)]))
    })
  }

  async delete(scope: VectorScope, selector: PointSelector): Promise<void> {
    const { sql, values } = selectorCondition(scope, selector)
    await this.#onTable(scope, async (_, table) => {
      await this.#database.raw(`DELETE FROM ?? WHERE ${sql}`, [table, ...values])
    })
  }

  /** Nothing is held open here: the pool is the caller's. */
  async close(): Promise<void> {}

  async #select<Row>(scope: VectorScope, selector: PointSelector, columns: string): Promise<Row[]> {
    const { sql, values } = selectorCondition(scope, selector)
    return this.#onTable(scope, async (_, table) => {
      const statement = `SELECT ${columns} FROM ?? WHERE ${sql}`
      return (await this.#database.raw<{ rows: Row[] }>(statement, [table, ...values])).rows
    })
  }

  /**
   * Reads at once where the collection was the last time, while the registry is asked whether it still is there; if it is
   * not, reads again. One round trip instead of two, and nothing is answered from a table that an alias has left.
   */
  async #onRememberedTable<T>(scope: VectorScope, read: (row: CollectionRow, table: string) => Promise<T>): Promise<T> {
    const name = scope.collection
    const remembered = this.#remembered.get(name)
    if (!remembered) {
      return this.#onTable(scope, (row, table) => {
        this.#remembered.set(name, row)
        return read(row, table)
      })
    }
    return onTable(name, async () => {
      const [found, answer] = await Promise.allSettled([
        findCollection(this.#database, name),
        read(remembered, qualified(remembered)),
      ])
      if (found.status === 'rejected') throw found.reason
      if (isDeepStrictEqual(found.value, remembered)) return settled(answer)
      this.#remembered.delete(name)
      return this.#onRememberedTable(scope, read)
    })
  }

  /** The registry is asked every time: after an alias moved, nobody may write to where it pointed before. */
  async #onTable<T>(scope: VectorScope, work: (row: CollectionRow, table: string) => Promise<T>): Promise<T> {
    return onTable(scope.collection, async () => {
      const row = await findCollection(this.#database, scope.collection)
      if (!row) throw new CollectionMissing(scope.collection)
      return work(row, qualified(row))
    })
  }
}

function searchCondition(scope: VectorScope, request: SearchRequest): Fragment | 'nothing' {
  const compiled = compileFilter(request.filter)
  if (scope.knowledgeBaseIds !== 'all' && scope.knowledgeBaseIds.length === 0) return 'nothing'
  if (!('constant' in compiled)) return join([scopeCondition(scope), filterCondition(compiled)], ' AND ')
  return compiled.constant ? scopeCondition(scope) : 'nothing'
}

/** A collection without dense vectors holds vectors of 0 dimensions. */
function requireDimension(scope: VectorScope, row: CollectionRow, got: number): void {
  if (row.dimension !== got) throw new DimensionMismatch(scope.collection, row.dimension ?? 0, got)
}

function settled<T>(outcome: PromiseSettledResult<T>): T {
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}

function asksForNothing(leg: SearchLeg): boolean {
  return leg.limit <= 0 || (leg.using === 'sparse' && leg.vector.indices.length === 0)
}

function fromHit(hit: HitRow): ScoredPoint {
  return { ...fromRow(hit), score: hit.score }
}

/** The query itself runs to its end (or its statement timeout); only the waiting stops. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(new VectorStoreUnavailable('the search was cancelled', { cause: signal.reason }))
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
