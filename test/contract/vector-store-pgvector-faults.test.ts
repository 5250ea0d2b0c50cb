import { expect } from 'chai'
import knex, { type Knex } from 'knex'
import { after, before, describe, it } from 'mocha'
import { startEmbeddedPostgres } from '../../api/standalone/embedded-postgres.ts'
import { PgVectorStore } from '../../api/stores/vectors/pgvector/pg-vector-store.ts'
import { VectorScope } from '../../api/stores/vectors/vector-scope.ts'
import { CollectionMissing, VectorStoreUnavailable } from '../../api/stores/vectors/vector-store.ts'
import { freePort } from '../support/free-port.ts'
import { pgliteUrl } from '../support/pglite.ts'
import { postgres } from '../support/postgres.ts'
import { rejection } from '../support/rejection.ts'
import { axis, dot, point, randomUnit, spec, uniquePrefix } from './vector-store-points.ts'
import { seededRandom } from '../support/random.ts'

const quiet = () => undefined
const log = { warn: quiet, error: quiet, deprecate: quiet, debug: quiet }
const connect = (url: string): Knex => knex({ client: 'pg', connection: url, pool: { min: 0, max: 4 }, log })

describe('vector store: pgvector, and Postgres that fails', function () {
  this.timeout(120_000)

  it('says what to run on a server that lacks pgvector, and leaves nothing behind', async () => {
    const database = await (await postgres()).createDatabase()
    const sql = connect(database.url)
    try {
      const available = await sql.raw<{ rows: unknown[] }>(`SELECT FROM pg_available_extensions WHERE name = 'vector'`)
      const store = new PgVectorStore({ database: sql })
      expect(await store.ping()).to.equal('pgvector, not yet installed')
      expect(await store.collections.describe('any')).to.equal(null)
      expect(await store.collections.list('')).to.deep.equal([])
      await store.collections.delete('any')
      await store.collections.deleteAlias('any')
      const count = store.count(new VectorScope('any', 'tenant', 'all'), { all: true })
      expect(await rejection(count)).to.be.instanceOf(CollectionMissing)
      if (available.rows.length > 0) return // a DATABASE_URL with pgvector: the contract suite is about that
      const error = await rejection(store.collections.create('any', spec()))
      expect(error.message).to.contain(`"vector" (pgvector) is missing in database ${database.name}`)
      expect(error.message).to.contain('CREATE EXTENSION vector')
      const { rows } = await sql.raw<{ rows: unknown[] }>(`SELECT FROM pg_namespace WHERE nspname = 'selfrag_vectors'`)
      expect(rows).to.deep.equal([])
    } finally {
      await sql.destroy()
      await database.drop()
    }
  })

  it('is unavailable while Postgres is down, and works again without a restart', async () => {
    const port = await freePort()
    const sql = connect(`postgresql://postgres@127.0.0.1:${port}/postgres`)
    const store = new PgVectorStore({ database: sql })
    const scope = new VectorScope('late', 'tenant', 'all')
    const calls = [store.ping(), store.collections.list(''), store.count(scope, { all: true })]
    for (const error of await Promise.all(calls.map(rejection))) expect(error).to.be.instanceOf(VectorStoreUnavailable)
    const server = await startEmbeddedPostgres(null, port)
    try {
      await store.collections.create('late', spec())
      expect(await store.count(scope, { all: true })).to.equal(0)
    } finally {
      await sql.destroy()
      await server.stop()
    }
  })

  describe('with a graph', () => {
    const collection = `${uniquePrefix()}_g1`
    const scope = new VectorScope(collection, 'tenant', 'all')
    const random = seededRandom(3)
    const points = Array.from({ length: 600 }, (_, i) =>
      point(`graph ${i}`, {
        dense: randomUnit(random),
        metadata: { i },
        knowledgeBaseId: i % 20 === 0 ? 'rare' : 'usual',
      }),
    )
    const statements: string[] = []
    let sql: Knex
    let store: PgVectorStore

    before(async () => {
      sql = connect(await pgliteUrl())
      store = new PgVectorStore({ database: sql })
      await store.collections.create(
        collection,
        spec({ tenancy: 'dedicated', hnsw: { m: 16, efConstruct: 100, fullScanThreshold: 100 } }),
      )
      await store.upsert(scope, points)
      const { rows } = await sql.raw<{ rows: { name: string }[] }>(
        'SELECT table_name AS name FROM selfrag_vectors.collections WHERE name = ?',
        [collection],
      )
      await sql.raw('ANALYZE selfrag_vectors.??', [rows[0]?.name ?? ''])
      sql.on('query', ({ sql: statement }: { sql: string }) => statements.push(statement))
    })
    after(async () => {
      await store?.collections.delete(collection)
      await sql?.destroy()
    })

    const nearest = (vector: Float32Array, limit: number, among = points) =>
      among
        .map(one => ({ text: one.text, score: dot(one.dense ?? [], vector) }))
        .sort((a, b) => b.score - a.score)
        .slice(0, limit)
        .map(({ text }) => text)

    it('asks the graph when the table is larger than full_scan_threshold', async () => {
      statements.length = 0
      let found = 0
      for (let round = 0; round < 20; round++) {
        const vector = randomUnit(random)
        const [hits] = await store.search(scope, { legs: [{ using: 'dense', vector, limit: 10 }] })
        const wanted = new Set(nearest(vector, 10))
        found += hits?.filter(({ text }) => wanted.has(text)).length ?? 0
      }
      expect(statements.some(statement => statement.includes('hnsw.ef_search'))).to.equal(true)
      expect(found / 200).to.be.at.least(0.95)
    })

    it('finds all there is of what few points have', async () => {
      const rare = points.filter(({ knowledgeBaseId }) => knowledgeBaseId === 'rare')
      const vector = randomUnit(random)
      const [hits] = await store.search(scope.narrow(['rare']), { legs: [{ using: 'dense', vector, limit: 50 }] })
      expect(hits?.map(({ text }) => text)).to.deep.equal(nearest(vector, 50, rare))
      const [one] = await store.search(scope, {
        legs: [{ using: 'dense', vector, limit: 5 }],
        filter: { field: 'i', op: 'eq', value: 77 },
      })
      expect(one?.map(({ text }) => text)).to.deep.equal(['graph 77'])
    })

    it('leaves the settings of the connection as they were', async () => {
      await store.search(scope, { legs: [{ using: 'dense', vector: axis(0), limit: 200 }] })
      const { rows } = await sql.raw<{ rows: { value: string }[] }>(`SELECT current_setting('hnsw.ef_search') AS value`)
      expect(rows[0]?.value).to.equal('40')
    })
  })

  it('lets several write the same points at once', async () => {
    const sql = connect(await pgliteUrl())
    const store = new PgVectorStore({ database: sql })
    const collection = `${uniquePrefix()}_g1`
    const scope = new VectorScope(collection, 'tenant', 'all')
    try {
      await store.collections.create(collection, spec())
      const points = Array.from({ length: 50 }, (_, i) => point(`shared ${i}`))
      await Promise.all([points, points.toReversed(), points].map(list => store.upsert(scope, list)))
      expect(await store.count(scope, { all: true })).to.equal(50)
    } finally {
      await store.collections.delete(collection)
      await sql.destroy()
    }
  })

  it('does not let a tenant overwrite the point of another', async () => {
    const sql = connect(await pgliteUrl())
    const store = new PgVectorStore({ database: sql })
    const collection = `${uniquePrefix()}_g1`
    try {
      await store.collections.create(collection, spec())
      await store.upsert(new VectorScope(collection, 'first', 'all'), [point('same', { text: 'mine' })])
      await store.upsert(new VectorScope(collection, 'second', 'all'), [point('same', { text: 'stolen' })])
      const [kept] = await store.get(new VectorScope(collection, 'first', 'all'), [point('same').id])
      expect(kept?.text).to.equal('mine')
    } finally {
      await store.collections.delete(collection)
      await sql.destroy()
    }
  })
})
