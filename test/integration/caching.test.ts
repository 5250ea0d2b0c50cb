import { expect } from 'chai'
import { after, before, beforeEach, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../support/api.ts'
import type { Json } from '../support/api-client.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { type ModelServer, startModelServer } from '../support/model-server.ts'
import { type SeparateRedis, separateRedis } from '../support/redis.ts'

describe('cached retrievals and answers', () => {
  let redis: SeparateRedis
  let model: ModelServer
  let one: TestApi
  /** Another replica: the same database, the same Redis. */
  let two: TestApi

  before(async function () {
    this.timeout(60_000)
    redis = await orSkip(this, separateRedis())
    model = await startModelServer({ reply: messages => `It says so [1]. ${JSON.stringify(messages).length}` })
    const environment = {
      REDIS_URL: redis.url,
      ENABLE_LLM_CACHE: 'true',
      ENABLE_RETRIEVAL_CACHE: 'true',
      LLM_PROVIDER: 'openai',
      LLM_MODEL: 'scripted',
      OPENAI_BASE_URL: model.openAiUrl,
      OPENAI_API_KEY: 'k',
    }
    one = await orSkip(this, startApi({ environment }))
    const collectionPrefix = one.application.configuration.QDRANT_COLLECTION_PREFIX
    two = await startApi({ worker: false, environment, on: { database: one.database, collectionPrefix } })
  })

  after(() => model?.close())
  beforeEach(() => model.reset())

  const add = async (tenant: TestTenant, knowledgeBase: string, content: string) => {
    const body = { content, external_id: 'rules' }
    const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${knowledgeBase}/documents`, body))
    await untilReady(tenant.client, document_id)
    return document_id as string
  }
  const filled = async (content: string) => {
    const tenant = await one.tenant()
    const knowledgeBase = await tenant.knowledgeBase()
    const documentId = await add(tenant, knowledgeBase, content)
    // A calibration follows an ingestion and raises the version once more.
    await eventually(async () => {
      const [jobs] = await one.application.stores
        .database('selfrag.jobs')
        .where({ tenant_id: tenant.id })
        .whereIn('status', ['queued', 'running'])
        .count<{ count: string }[]>()
      expect(jobs?.count).to.equal('0')
    }, 15_000)
    return { tenant, knowledgeBase, documentId, replica: two.as(tenant.key) }
  }
  const question = { query: 'How long are keys valid?', include_trace: true }
  const texts = ({ results }: Json) => (results as Json[]).map(({ text }) => text)

  it('answers the same question once, on every replica, and charges nothing the second time', async () => {
    const { tenant, replica } = await filled('Keys are valid for ninety days.')
    const first = ok(await tenant.client.post('/v1/rag', question))
    const again = ok(await replica.post('/v1/rag', question))
    expect(again.answer).to.equal(first.answer)
    expect([first.trace.cached, again.trace.cached]).to.deep.equal([undefined, true])
    expect([first.usage.total_tokens > 0, again.usage.total_tokens]).to.deep.equal([true, 0])
    expect(model.seen).to.have.length(1)
    const { events } = await replica.post('/v1/rag', { ...question, stream: true })
    expect(model.seen).to.have.length(1)
    expect(JSON.stringify(events)).to.include('It says so')
    const { stats } = ok(await two.anonymous.get('/metrics', { headers: { accept: 'application/json' } }))
    expect(stats.caches.llm).to.deep.equal({ count: 2, hit_rate: 1 })
  })

  it('computes once when a hundred ask at the same time', async () => {
    const { tenant, replica } = await filled('Keys are valid for ninety days.')
    const clients = [tenant.client, replica]
    const asked = Array.from({ length: 100 }, (_, n) => clients[n % 2]!.post('/v1/rag', question))
    expect(new Set((await Promise.all(asked)).map(answer => ok(answer).answer))).to.have.property('size', 1)
    expect(model.seen).to.have.length(1)
  })

  it('never gives an older version of a document, whoever asks meanwhile', async function () {
    this.timeout(60_000)
    const { tenant, knowledgeBase, replica } = await filled('Keys are valid for 0 days.')
    let asking = true
    const readers = [tenant.client, replica].map(async client => {
      while (asking) texts(ok(await client.post('/v1/retrieve', question)))
    })
    for (let version = 1; version <= 5; version++) {
      await add(tenant, knowledgeBase, `Keys are valid for ${version} days.`)
      for (const client of [tenant.client, replica])
        expect(texts(ok(await client.post('/v1/retrieve', question)))).to.deep.equal([`Keys are valid for ${version} days.`]) // prettier-ignore
    }
    asking = false
    await Promise.all(readers)
  })

  it('asks anew when settings of the knowledge base change', async () => {
    const { tenant, knowledgeBase, replica } = await filled('Keys are valid for ninety days.')
    expect(texts(ok(await replica.post('/v1/retrieve', question)))).to.have.length(1)
    const retrieval = { score_threshold: 1000 }
    ok(await tenant.client.patch(`/v1/knowledge-bases/${knowledgeBase}`, { retrieval }))
    expect(texts(ok(await replica.post('/v1/retrieve', question)))).to.deep.equal([])
  })

  it('remembers no retrieval that a model should have had its part in and failed', async () => {
    const { tenant, replica } = await filled('Keys are valid for ninety days.')
    const reranked = { ...question, rerank: 'llm' }
    model.misbehave(...Array.from({ length: 8 }, () => ({ kind: 'status', status: 400 }) as const))
    const first = ok(await tenant.client.post('/v1/retrieve', reranked))
    expect(first.trace.rerank).to.include({ mode: 'none', asked: 'llm' })
    model.reset({ reply: () => '{"judgements": [{"passage": 1, "relevance": 7}]}' })
    for (const client of [replica, tenant.client]) {
      const again = ok(await client.post('/v1/retrieve', reranked))
      expect(again.trace.cached, 'the first of the two').to.equal(client === replica ? undefined : true)
      expect(again.trace.rerank).to.include({ mode: 'llm' })
    }
  })

  it('tells a key nothing that only another may read', async () => {
    const { tenant, knowledgeBase } = await filled('Keys are valid for ninety days.')
    const other = await tenant.knowledgeBase()
    const limited = await tenant.withKey({ role: 'read', scope_kb_ids: [other] })
    expect(texts(ok(await tenant.client.post('/v1/retrieve', question)))).to.have.length(1)
    expect(texts(ok(await limited.client.post('/v1/retrieve', question)))).to.deep.equal([])
    const named = await limited.client.post('/v1/retrieve', { ...question, knowledge_base_ids: [knowledgeBase] })
    expect(named.status).to.equal(404)
  })

  it('has nothing left of a deleted document, knowledge base or tenant', async () => {
    const { cache } = one.application
    const { tenant, knowledgeBase, documentId, replica } = await filled('Keys are valid for ninety days.')
    const owner = { tenantId: tenant.id, knowledgeBaseId: knowledgeBase }
    ok(await replica.post('/v1/rag', question))
    expect(await cache.count(owner)).to.equal(2)
    ok(await tenant.client.delete(`/v1/documents/${documentId}`))
    expect(await cache.count(owner)).to.equal(0)
    expect(ok(await replica.post('/v1/rag', question)).status).to.equal('insufficient_evidence')
    ok(await tenant.client.delete(`/v1/knowledge-bases/${knowledgeBase}`))
    expect(await cache.count(owner)).to.equal(0)
    ok(await replica.post('/v1/retrieve', question))
    ok(await one.admin.delete(`/admin/tenants/${tenant.id}`))
    expect(await cache.count({ tenantId: tenant.id })).to.equal(0)
  })

  it('answers while Redis is away, and finishes deleting when it is back', async function () {
    this.timeout(60_000)
    const { tenant, knowledgeBase, documentId } = await filled('Keys are valid for ninety days.')
    ok(await tenant.client.post('/v1/rag', question))
    await redis.stop()
    expect(ok(await tenant.client.post('/v1/rag', question)).trace.cached).to.equal(undefined)
    ok(await tenant.client.delete(`/v1/documents/${documentId}`))
    expect(ok(await tenant.client.post('/v1/rag', question)).status).to.equal('insufficient_evidence')
    const job = () => one.application.stores.database('selfrag.jobs').where({ tenant_id: tenant.id, kind: 'delete-document' }).first() // prettier-ignore
    await eventually(
      async () => expect(await job()).to.deep.include({ status: 'queued', stage: 'purge-cache' }),
      15_000,
    )
    expect((await job()).error.code).to.equal('CACHE_UNAVAILABLE')
    await redis.start()
    await eventually(async () => expect((await job()).status).to.equal('succeeded'), 30_000)
    expect(await one.application.cache.count({ tenantId: tenant.id, knowledgeBaseId: knowledgeBase })).to.equal(0)
  })
})
