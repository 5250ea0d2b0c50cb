import { randomUUID } from 'node:crypto'
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { Redis } from 'ioredis'
import type { Knex } from 'knex'
import { after, afterEach, before, describe, it } from 'mocha'
import { cleanUp } from '../../api/ingestion/clean-up.ts'
import { startEmbeddedPostgres } from '../../api/standalone/embedded-postgres.ts'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { type ModelServer, startModelServer } from '../support/model-server.ts'
import { openTestDatabase, postgres } from '../support/postgres.ts'
import { type TestQdrant, qdrant } from '../support/qdrant.ts'
import { separateRedis } from '../support/redis.ts'
import { type ScriptedProxy, scriptedProxy } from '../support/scripted-proxy.ts'
import { type TcpGate, tcpGate } from '../support/tcp-gate.ts'
import { cachedThatName, pointsThatName, rowsThatName } from '../support/traces.ts'

const DAY_MS = 86_400_000

/** What may still name what is gone, for a while, by id and without any of its content (docs/ingestion.md). */
const ledgers = /^(selfrag\.(audit_log|jobs|webhook_deliveries)|selfrag_queue\..*|tenant_\w+\.idempotency_keys)$/

/** Something of a tenant, under a word that is in all of its content and nowhere else. */
interface Thing {
  readonly word: string
  readonly id: string
  readonly path: string
}

interface World {
  readonly tenant: TestTenant
  readonly kept: Thing
  readonly document: Thing
  /** A knowledge base, and the word of its only document. */
  readonly knowledgeBase: Thing
}

const word = () => `w${randomBytes(8).toString('hex')}`

/** Two documents in one knowledge base, another knowledge base with one, a webhook; all of them searched, asked about and remembered. */
async function makeWorld(api: TestApi): Promise<World> {
  const tenant = await api.tenant({ name: word() })
  const { client } = tenant
  const webhook = { url: 'https://127.0.0.1:9/', events: ['document.ready', 'document.deleted'] }
  ok(await client.post('/v1/webhooks', webhook))
  const add = async (knowledgeBaseId: string): Promise<Thing> => {
    const name = word()
    const headers = { 'idempotency-key': word() }
    const body = { title: `About ${name}`, content: `The ${name} is valid for ninety days.`, metadata: { name } }
    const { document_id: id } = ok(await client.post(`/v1/knowledge-bases/${knowledgeBaseId}/documents`, body, { headers })) // prettier-ignore
    await untilReady(client, id)
    return { word: name, id, path: `/v1/documents/${id}` }
  }
  const [one, other] = [await tenant.knowledgeBase(), await tenant.knowledgeBase()]
  const [kept, document, last] = [await add(one), await add(one), await add(other)]
  const knowledgeBase = { word: last.word, id: other, path: `/v1/knowledge-bases/${other}` }
  for (const thing of [kept, document, knowledgeBase]) {
    const query = `How long is the ${thing.word} valid?`
    expect(ok(await client.post('/v1/rag', { query })).status).to.equal('supported')
  }
  return { tenant, kept, document, knowledgeBase }
}

describe('what is deleted', function () {
  this.timeout(120_000)
  let model: ModelServer

  before(async () => {
    model = await startModelServer({ reply: messages => `It says so [1]. ${JSON.stringify(messages).slice(-200)}` })
  })
  after(() => model.close())

  const environment = () => ({
    LLM_PROVIDER: 'openai',
    LLM_MODEL: 'scripted',
    OPENAI_BASE_URL: model.openAiUrl,
    OPENAI_API_KEY: 'k',
    ENABLE_LLM_CACHE: 'true',
    ENABLE_RETRIEVAL_CACHE: 'true',
  })

  /** Everything that names it, but for ledgers that do so by an id. */
  const left = (rows: Record<string, number>) => Object.keys(rows).filter(table => !ledgers.test(table))

  describe('from Postgres, Qdrant and Redis', () => {
    let api: TestApi
    let database: Knex
    let store: TestQdrant
    let proxy: ScriptedProxy
    let redis: Redis
    let gates: Readonly<Record<'Qdrant' | 'Redis', TcpGate>>

    before(async function () {
      store = await orSkip(this, qdrant())
      const cache = await orSkip(this, separateRedis())
      redis = new Redis(cache.url)
      proxy = await scriptedProxy(store.url)
      gates = { Qdrant: await tcpGate(proxy.url), Redis: await tcpGate(cache.url) }
      const through = { QDRANT_URL: gates.Qdrant.url, REDIS_URL: gates.Redis.url }
      api = await orSkip(this, startApi({ embedding: 'local', sweepCacheEveryMs: 500, environment: { ...environment(), ...through } })) // prettier-ignore
      const server = new URL((await postgres()).url)
      server.pathname = api.database.name
      database = openTestDatabase(server.href)
    })

    afterEach(() => Promise.all(Object.values(gates).map(gate => gate.open())))
    after(async () => {
      await database?.destroy()
      redis?.disconnect()
      await proxy?.stop()
    })

    /** The figures: rows by table, points, cached values. */
    const figures = async (text: string) => ({
      rows: await rowsThatName(database, text),
      points: await pointsThatName(store, api.application.configuration.QDRANT_COLLECTION_PREFIX, text),
      cached: await cachedThatName(redis, text),
    })

    const gone = async ({ word, id }: Pick<Thing, 'word' | 'id'>) => {
      expect(await figures(word), 'its content').to.deep.equal({ rows: {}, points: 0, cached: 0 })
      const { rows, points, cached } = await figures(id)
      expect({ rows: left(rows), points, cached }, 'its id').to.deep.equal({ rows: [], points: 0, cached: 0 })
    }

    const present = async ({ word }: Thing) => {
      const { rows, points, cached } = await figures(word)
      expect(Object.keys(rows).join()).to.match(/\.chunks,.*\.document_sources,.*\.documents/)
      expect(points).to.equal(1)
      // The retrieval and the answer, and perhaps those of other questions.
      expect(cached).to.be.at.least(2)
    }

    for (const away of ['nothing', 'Qdrant', 'Redis'] as const) {
      it(`a document and a knowledge base have left nothing when they are gone, with ${away} away at the time`, async () => {
        const { tenant, kept, document, knowledgeBase } = await makeWorld(api)
        for (const thing of [kept, document, knowledgeBase]) await present(thing)
        if (away !== 'nothing') await gates[away].close()
        for (const { path } of [document, knowledgeBase]) {
          ok(await tenant.client.delete(path))
          expect((await tenant.client.get(path)).status).to.equal(404)
        }
        if (away !== 'nothing') {
          const waiting = () => api.application.stores.database('selfrag.jobs').where({ tenant_id: tenant.id, status: 'queued' }).whereNotNull('error') // prettier-ignore
          await eventually(async () => expect(await waiting()).to.have.length(2), 20_000)
          await gates[away].open()
        }
        await eventually(() => gone(document), 40_000)
        await eventually(() => gone(knowledgeBase), 40_000)
        const { rows, points } = await figures(kept.word)
        expect(Object.keys(rows)).to.not.deep.equal([])
        expect(points).to.equal(1)
      })
    }

    it('a tenant has left nothing when the answer comes', async () => {
      const { tenant, document } = await makeWorld(api)
      const { erased } = ok(await api.admin.delete(`/admin/tenants/${tenant.id}`))
      expect(erased.points).to.equal(3)
      await gone({ word: document.word, id: tenant.id })
    })

    it('a tenant stays whole while Qdrant is away, and goes with a repeated request', async () => {
      const { tenant, kept, document } = await makeWorld(api)
      await gates.Qdrant.close()
      expect((await api.admin.delete(`/admin/tenants/${tenant.id}`)).body.code).to.equal('UPSTREAM_ERROR')
      await gates.Qdrant.open()
      await present(kept)
      // And when it goes away in the middle of it.
      proxy.script = ({ path }) => (path.includes('/points/delete') ? { status: 503 } : 'pass')
      expect((await api.admin.delete(`/admin/tenants/${tenant.id}`)).body.code).to.equal('UPSTREAM_ERROR')
      expect((await tenant.client.get('/v1/knowledge-bases')).status).to.be.oneOf([401, 403])
      proxy.script = () => 'pass'
      ok(await api.admin.delete(`/admin/tenants/${tenant.id}`))
      await gone({ word: document.word, id: tenant.id })
    })

    it('a tenant that went while Redis was away is swept out of it, and nobody of another pipeline', async () => {
      const { tenant, document } = await makeWorld(api)
      const stranger = randomUUID()
      const theirs = `selfrag:cache:{${stranger}}:index:${stranger}`
      await redis.sadd(theirs, 'a value')
      await gates.Redis.close()
      ok(await api.admin.delete(`/admin/tenants/${tenant.id}`))
      expect(await cachedThatName(redis, tenant.id)).to.be.above(0)
      await gates.Redis.open()
      await eventually(() => gone({ word: document.word, id: tenant.id }), 20_000)
      expect(await redis.exists(theirs)).to.equal(1)
    })

    it('is not even named any more after the nightly clean-up, once all has been kept for long enough', async () => {
      const { tenant, document } = await makeWorld(api)
      ok(await tenant.client.delete(document.path))
      await eventually(() => gone(document), 20_000)
      await database.raw(`UPDATE ??.idempotency_keys SET created_at = created_at - interval '2 days'`, [`tenant_${tenant.slug.replaceAll('-', '_')}`]) // prettier-ignore
      await database.raw(`UPDATE selfrag.webhook_deliveries SET status = 'dead', finished_at = now()`)
      const now = () => new Date(Date.now() + 100 * DAY_MS)
      const { log } = api.application
      await cleanUp({ database: api.application.stores.database, auditRetentionDays: 90, now, log }, new AbortController().signal) // prettier-ignore
      const { rows } = await figures(document.id)
      // The queue itself keeps ended jobs for ten minutes.
      expect(Object.keys(rows).filter(table => !table.startsWith('selfrag_queue.'))).to.deep.equal([])
    })
  })

  it('from PGlite with pgvector and memory has left nothing', async function () {
    const embedded = await startEmbeddedPostgres(null)
    const drop = async () => undefined
    const on = { database: { name: 'postgres', url: embedded.url, drop }, collectionPrefix: 'deletes' }
    const api = await startApi({ embedding: 'local', on, environment: { ...environment(), VECTOR_ENGINE: 'pgvector' } })
    const { database } = api.application.stores
    const { cache } = api.application
    const { tenant, kept, document, knowledgeBase } = await makeWorld(api)
    const before = await rowsThatName(database, document.word)
    expect(Object.keys(before).join(), 'points are rows here').to.match(/_g1/)
    expect(await cache.count({ tenantId: tenant.id })).to.be.above(0)
    for (const thing of [document, knowledgeBase]) {
      ok(await tenant.client.delete(thing.path))
      await eventually(async () => {
        expect(await rowsThatName(database, thing.word)).to.deep.equal({})
        expect(left(await rowsThatName(database, thing.id))).to.deep.equal([])
      }, 20_000)
    }
    expect(await cache.count({ tenantId: tenant.id, knowledgeBaseId: knowledgeBase.id })).to.equal(0)
    expect(await rowsThatName(database, kept.word)).to.not.deep.equal({})
    ok(await api.admin.delete(`/admin/tenants/${tenant.id}`))
    expect(await rowsThatName(database, kept.word)).to.deep.equal({})
    expect(left(await rowsThatName(database, tenant.id))).to.deep.equal([])
    expect(await cache.count({ tenantId: tenant.id })).to.equal(0)
    await api.stop()
    await embedded.stop()
  })
})
