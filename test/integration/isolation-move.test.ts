import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { pino } from 'pino'
import { CONTROL_SCHEMA } from '../../api/contract/names.ts'
import { Mover } from '../../api/provisioning/moving/mover.ts'
import { VectorScope } from '../../api/stores/vectors/vector-scope.ts'
import { ok, startApi, type TestApi, type TestTenant, untilReady } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { pointAt } from '../support/filled-tenant.ts'
import { orSkip } from '../support/missing-part.ts'
import { WorkerProcess } from '../support/worker-process.ts'

/** Of one answer: top_k reaches that far. */
const DOCUMENTS = 40
/** Longer than a process remembers where a tenant is. */
const timing = { settleMs: 3500, clearAfterMs: 300 }

describe('moving a tenant while it is served', function () {
  this.timeout(120_000)
  let api: TestApi
  let tenant: TestTenant
  let documents: string
  let settled: readonly string[]

  before(async function () {
    api = await orSkip(this, startApi({ moving: timing }))
    const other = await api.tenant()
    const kb = `/v1/knowledge-bases/${await other.knowledgeBase()}/documents`
    ok(await other.client.post(kb, { content: 'the quarterly report of the badger' }))
    tenant = await api.tenant()
    documents = `/v1/knowledge-bases/${await tenant.knowledgeBase()}/documents`
    const batch = Array.from({ length: DOCUMENTS }, (_, index) => ({ content: `the quarterly report ${index} of the alpaca` })) // prettier-ignore
    const { items } = ok(await tenant.client.post(`${documents}/batch`, { documents: batch }))
    settled = items.map((item: { document_id: string }) => item.document_id)
    for (const id of settled) await untilReady(tenant.client, id)
  })

  const place = async () => ok(await api.admin.get(`/admin/tenants/${tenant.id}/isolation`))
  const ask = (isolation: string) => api.admin.post(`/admin/tenants/${tenant.id}/isolation`, { isolation })
  const found = async (): Promise<string[]> => {
    const { body, text } = await tenant.client.post('/v1/retrieve', { query: 'quarterly report', retriever: 'bm25', top_k: 50 }) // prettier-ignore
    expect(text).not.to.contain('badger')
    return body.results.map((result: { document_id: string }) => result.document_id)
  }
  const countIn = (collection: string) =>
    api.application.stores.vectors.count(new VectorScope(collection, tenant.id, 'all'), { all: true })

  for (const [isolation, collection] of [
    ['Dedicated', /_t_t_/],
    ['Shared', /_shared$/],
  ] as const)
    // prettier-ignore
    it(`to ${isolation}: every search finds everything, and documents come and go`, async () => {
      const before = (await place()).collection
      expect((await ask(isolation)).status).to.equal(202)
      let searches = 0
      let over = false
      const searching = (async () => {
        for (; !over; searches++) expect(await found()).to.include.members([...settled])
      })()
      const added: string[] = []
      for (let index = 0; index < 8; index++) {
        const content = `the quarterly report of the passing alpaca ${isolation} ${index}`
        added.push(ok(await tenant.client.post(documents, { content })).document_id)
      }
      const [gone = '', ...kept] = added
      await untilReady(tenant.client, gone)
      ok(await tenant.client.delete(`/v1/documents/${gone}`))
      await eventually(async () => expect((await place()).move.phase).to.equal('done'), 40_000)
      over = true
      await searching
      expect(searches).to.be.greaterThan(10)
      const { move, ...now } = await place()
      expect(now.collection).to.match(collection)
      expect(move).to.include({ from: before, to: now.collection, error: null })
      for (const id of kept) await untilReady(tenant.client, id)
      await eventually(async () => expect(await countIn(now.collection)).to.equal(DOCUMENTS + kept.length))
      expect(await found()).to.have.members([...settled, ...kept])
      if (isolation === 'Shared') expect(await api.application.stores.vectors.collections.resolve(before)).to.equal(null)
      else expect(await countIn(before)).to.equal(0)
      for (const id of kept) ok(await tenant.client.delete(`/v1/documents/${id}`))
    })

  it('refuses another move meanwhile, one of a declared tenant, and one of nobody', async () => {
    const busy = await api.tenant()
    const { database } = api.application.stores
    expect((await api.admin.post(`/admin/tenants/${busy.id}/isolation`, { isolation: 'Dedicated' })).status).to.equal(
      202,
    )
    const back = await api.admin.post(`/admin/tenants/${busy.id}/isolation`, { isolation: 'Shared' })
    expect([back.status, back.body.code]).to.deep.equal([409, 'CONFLICT'])
    await database('tenants').withSchema(CONTROL_SCHEMA).where({ id: busy.id }).update({ managed_by: 'resource' })
    expect((await api.admin.post(`/admin/tenants/${busy.id}/isolation`, { isolation: 'Auto' })).body.detail).to.contain('is declared by') // prettier-ignore
    const nobody = '/admin/tenants/00000000-0000-4000-8000-000000000000/isolation'
    for (const answer of [await api.admin.get(nobody), await api.admin.post(nobody, { isolation: 'Auto' })])
      expect([answer.status, answer.body.code]).to.deep.equal([404, 'TENANT_NOT_FOUND'])
  })
})

describe('a move whose worker is killed while it copies', function () {
  this.timeout(120_000)
  const POINTS = 3_000

  it('goes on in another one where it was, and loses nothing', async function () {
    const api = await orSkip(this, startApi({ worker: false }))
    const { stores, configuration } = api.application
    const { id, slug } = await api.tenant()
    const { collection: shared } = ok(await api.admin.get(`/admin/tenants/${id}`))
    const scope = new VectorScope(shared, id, 'all')
    const [kb, document] = [randomUUID(), randomUUID()]
    const points = Array.from({ length: POINTS }, (_, position) => pointAt(kb, document, position)).map(({ dense: _, ...point }) => point) // prettier-ignore
    await stores.vectors.upsert(scope, points)
    const worker = await WorkerProcess.prepare({
      DATABASE_URL: api.database.url,
      QDRANT_URL: configuration.QDRANT_URL!,
      ...(configuration.QDRANT_API_KEY && { QDRANT_API_KEY: configuration.QDRANT_API_KEY }),
      QDRANT_COLLECTION_PREFIX: configuration.QDRANT_COLLECTION_PREFIX,
      EMBEDDING_PROVIDER: 'none',
    })
    worker.start()
    ok(await api.admin.post(`/admin/tenants/${id}/isolation`, { isolation: 'Dedicated' }))
    const copied = async () => {
      const { move } = ok(await api.admin.get(`/admin/tenants/${id}/isolation`))
      return [move.phase, move.points_copied] as const
    }
    await eventually(async () => expect((await copied())[1]).to.be.greaterThan(0), 30_000, 5)
    await worker.end('SIGKILL')
    const [phase, far] = await copied()
    expect([phase, far < POINTS], `${far} were copied`).to.deep.equal(['copying', true])
    // As if the half minute had passed after which a worker that is not heard of is thought dead.
    await stores.database('isolation_moves').withSchema(CONTROL_SCHEMA).update({ held_until: null })
    const mover = new Mover({ ...stores, timing: { settleMs: 0, clearAfterMs: 0 }, log: pino({ level: 'silent' }), now: () => new Date() }) // prettier-ignore
    for (let step = 0; (await copied())[0] !== 'done'; step++) {
      if (step === 50) throw new Error('the move is not done')
      await mover.step()
    }
    const own = new VectorScope(ok(await api.admin.get(`/admin/tenants/${id}`)).collection, id, 'all')
    expect(own.collection).to.contain(slug.replaceAll('-', '_'))
    expect(await stores.vectors.count(scope, { all: true })).to.equal(0)
    const moved = await stores.vectors.page(own, { after: null, limit: POINTS + 1 })
    expect(moved).to.deep.equal(points.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
  })
})
