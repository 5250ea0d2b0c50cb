import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../support/api.ts'
import type { Json } from '../support/api-client.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'

const texts = [
  {
    title: 'Keys',
    content: 'API keys are valid for ninety days. After that they expire.',
    metadata: { topic: 'keys', year: 2024 },
  },
  {
    title: 'Backups',
    content: 'A snapshot of the database is taken every night.',
    metadata: { topic: 'backups', year: 2022 },
  },
  {
    title: 'Pumps',
    content: 'The pump ZX-4711/b is replaced by the pump ZX-4712.',
    metadata: { topic: 'parts', year: 2023 },
  },
  { title: '密钥', content: '密钥在九十天后过期，之后必须更换。', metadata: { topic: 'keys', lang: 'zh' } },
]

describe('POST /v1/retrieve', () => {
  let api: TestApi
  let tenant: TestTenant
  let handbook: string
  let canteen: string
  const documents: Record<string, string> = {}

  before(async function () {
    this.timeout(180_000)
    api = await orSkip(this, startApi({ embedding: 'local' }))
    tenant = await api.tenant()
    handbook = await tenant.knowledgeBase('handbook')
    canteen = await tenant.knowledgeBase('canteen')
    for (const text of texts) documents[text.title] = await add(tenant, handbook, text)
    await add(tenant, canteen, {
      title: 'Menu',
      content: 'On Fridays there is fish; the keys of the kitchen hang beside the door.',
    })
  })

  const ask = (body: Record<string, unknown>, who: TestTenant = tenant) => who.client.post('/v1/retrieve', body)
  const found = async (body: Record<string, unknown>) => ok(await ask(body)).results as Json[]

  for (const retriever of ['dense', 'bm25', 'hybrid']) {
    it(`${retriever}: finds what answers the question, and says how`, async () => {
      const body = ok(await ask({ query: 'How long are API keys valid?', retriever, knowledge_base_ids: [handbook] }))
      const [first] = body.results as Json[]
      expect(first).to.deep.include({ document_id: documents['Keys'], knowledge_base_id: handbook })
      expect(first.text).to.contain('ninety days')
      expect(first.metadata).to.deep.include({ topic: 'keys', year: 2024, title: 'Keys' })
      expect(first.scores[retriever === 'hybrid' ? 'dense' : retriever]).to.be.a('number')
      expect(first.scores.rerank).to.equal(null)
      expect(body.model).to.deep.include({ retriever, requested_retriever: retriever })
      if (retriever === 'bm25') expect(body.model.embedding).to.equal(null)
      else
        expect(body.model.embedding).to.deep.include({ provider: 'local', model: 'bge-small-en-v1.5', dimension: 384 })
      expect(body.timings_ms.total).to.be.greaterThan(0)
      expect(body).to.not.have.property('trace')
    })

    it(`${retriever}: honours the filter and the knowledge bases`, async () => {
      const filtered = await found({
        query: 'keys of the database',
        retriever,
        metadata_filter: { year: { lt: 2023 } },
      })
      expect(new Set(filtered.map(result => result.document_id))).to.deep.equal(new Set([documents['Backups']]))
      const elsewhere = await found({ query: 'API keys', retriever, knowledge_base_ids: [canteen] })
      expect(elsewhere.map(result => result.knowledge_base_id)).to.deep.equal([canteen])
    })

    it(`${retriever}: leaves out what is below the threshold`, async () => {
      const query = { query: 'API keys of the database', retriever, top_k: 10 }
      const all = await found(query)
      expect(all.length).to.be.greaterThan(1)
      const threshold = (all[0].score + all[1].score) / 2
      expect(await found({ ...query, score_threshold: threshold })).to.deep.equal(all.slice(0, 1))
    })
  }

  it('searches everything that the key may read when no knowledge base is named', async () => {
    const both = await found({ query: 'keys', retriever: 'bm25', top_k: 10 })
    expect(new Set(both.map(result => result.knowledge_base_id))).to.deep.equal(new Set([handbook, canteen]))
    const { client } = await tenant.withKey({ role: 'read', scope_kb_ids: [canteen] })
    const scoped = ok(await client.post('/v1/retrieve', { query: 'keys', retriever: 'bm25', top_k: 10 }))
      .results as Json[]
    expect(scoped.map(result => result.knowledge_base_id)).to.deep.equal([canteen])
    const outside = await client.post('/v1/retrieve', { query: 'keys', knowledge_base_ids: [handbook] })
    expect([outside.status, outside.body.code]).to.deep.equal([404, 'KB_NOT_FOUND'])
  })

  it('finds part numbers, and Chinese by Chinese words', async () => {
    expect((await found({ query: 'ZX-4711/b', retriever: 'hybrid' }))[0].document_id).to.equal(documents['Pumps'])
    for (const retriever of ['bm25', 'hybrid'])
      expect((await found({ query: '密钥多少天过期', retriever }))[0].document_id).to.equal(documents['密钥'])
  })

  it('traces what happened', async () => {
    const { trace } = ok(
      await ask({ query: 'keys', include_trace: true, top_k: 2, metadata_filter: { topic: 'keys' } }),
    )
    expect(trace).to.deep.include({ retriever: 'hybrid', fusion: 'standard_score', top_k: 2 })
    expect(trace.weights.dense + trace.weights.bm25).to.be.closeTo(1, 1e-9)
    expect(trace.legs.dense).to.deep.include({ model: 'bge-small-en-v1.5', candidates: 2 })
    expect(trace.legs.dense.fingerprint).to.match(/^[0-9a-f]{16}$/)
    expect(trace.metadata_filter).to.deep.equal({ field: 'topic', op: 'eq', value: 'keys' })
  })

  it("tells another tenant's knowledge base as one that does not exist", async () => {
    const stranger = await api.tenant()
    const foreign = await ask({ query: 'keys', knowledge_base_ids: [handbook] }, stranger)
    const unknown = await ask({ query: 'keys', knowledge_base_ids: [randomUUID()] }, stranger)
    for (const answer of [foreign, unknown])
      expect([answer.status, answer.body.code]).to.deep.equal([404, 'KB_NOT_FOUND'])
    expect(foreign.text.replaceAll(/[0-9a-f-]{36}/g, 'ID')).to.equal(unknown.text.replaceAll(/[0-9a-f-]{36}/g, 'ID'))
    expect(ok(await ask({ query: 'keys' }, stranger)).results).to.deep.equal([])
  })

  it('takes defaults from the knowledge base', async () => {
    ok(
      await tenant.client.patch(`/v1/knowledge-bases/${canteen}`, {
        retrieval: { default_retriever: 'bm25', top_k: 1 },
      }),
    )
    const { model, results } = ok(await ask({ query: 'keys on Fridays', knowledge_base_ids: [canteen] }))
    expect(model.retriever).to.equal('bm25')
    expect(results).to.have.length(1)
    const own = ok(await ask({ query: 'keys', knowledge_base_ids: [canteen], retriever: 'dense' }))
    expect(own.model.retriever).to.equal('dense')
  })

  const refused: [string, Record<string, unknown>, RegExp][] = [
    ['no question', {}, /query/],
    ['a blank question', { query: ' \n ' }, /query: must not be empty/],
    ['100,000 characters', { query: 'a'.repeat(100_000) }, /query.*at most 8192 characters/],
    ['top_k 0', { query: 'a', top_k: 0 }, /top_k/],
    ['top_k 51', { query: 'a', top_k: 51 }, /top_k/],
    ['half a top_k', { query: 'a', top_k: 1.5 }, /top_k/],
    ['an unknown retriever', { query: 'a', retriever: 'magic' }, /retriever/],
    ['an unknown field', { query: 'a', topk: 3 }, /topk/],
    ['a filter that is none', { query: 'a', metadata_filter: 'topic=keys' }, /metadata_filter/],
    ['an unknown operator', { query: 'a', metadata_filter: { year: { near: 3 } } }, /metadata_filter\.year\.near/],
    ['a field that would be dropped', { query: 'a', metadata_filter: JSON.parse('{"__proto__": {"near": 1}}') }, /metadata_filter/], // prettier-ignore
  ]
  for (const [what, body, message] of refused) {
    it(`refuses ${what}`, async () => {
      const answer = await ask(body)
      expect([answer.status, answer.body.code]).to.deep.equal([400, 'VALIDATION_ERROR'])
      expect(answer.body.detail).to.match(message)
    })
  }

  it('asks Postgres nothing when it is warm', async () => {
    const { stores, services } = api.application
    const { database } = stores
    // What workers ask is not meant.
    await eventually(async () => {
      const [jobs] = await database('selfrag.jobs')
        .whereIn('status', ['queued', 'running'])
        .count<{ count: string }[]>()
      expect(jobs?.count).to.equal('0')
    }, 30_000)
    const scope = await services.tenants.scope(tenant.id)
    const read: string[] = []
    const watch = ({ sql }: { sql: string }) => {
      if (/^select/i.test(sql) && /knowledge_bases|lexical_statistics|embedding_generations|system_config/.test(sql))
        read.push(sql)
    }
    const ask = (knowledgeBaseId: string) => services.retrieval.retrieve(scope, { query: 'keys', knowledgeBaseIds: [knowledgeBaseId] }) // prettier-ignore
    const fresh = await tenant.knowledgeBase('fresh')
    database.on('query', watch)
    await ask(fresh)
    expect(read).to.not.be.empty
    await ask(handbook)
    read.length = 0
    await ask(handbook)
    expect(read).to.deep.equal([])
    database.off('query', watch)
  })

  it('forgets a knowledge base as soon as it is deleted', async () => {
    const gone = await tenant.knowledgeBase('gone')
    await add(tenant, gone, { title: 'Gone', content: 'Quokkas are gone soon.' })
    expect(await found({ query: 'quokkas', knowledge_base_ids: [gone] })).to.have.length(1)
    ok(await tenant.client.delete(`/v1/knowledge-bases/${gone}`))
    expect((await ask({ query: 'quokkas', knowledge_base_ids: [gone] })).status).to.equal(404)
    const rest = await found({ query: 'quokkas', retriever: 'bm25' })
    expect(rest.filter(result => result.knowledge_base_id === gone)).to.deep.equal([])
  })
})

async function add(tenant: TestTenant, knowledgeBase: string, document: Record<string, unknown>): Promise<string> {
  const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${knowledgeBase}/documents`, document))
  await untilReady(tenant.client, document_id)
  return document_id
}
