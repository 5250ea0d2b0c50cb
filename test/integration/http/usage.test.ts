import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { down, up } from '../../../api/stores/postgres/migrations/control/004-usage-by-model.ts'
import { addUsage, type UsageCount } from '../../../api/stores/postgres/usage.ts'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../../support/api.ts'
import type { Json } from '../../support/api-client.ts'
import { eventually } from '../../support/eventually.ts'
import { orSkip } from '../../support/missing-part.ts'
import { type ModelServer, startModelServer } from '../../support/model-server.ts'

const DAY = '2026-11-24'

describe('usage of a tenant', function () {
  this.timeout(60_000)
  let models: ModelServer
  let api: TestApi
  let acme: TestTenant
  let other: TestTenant

  before(async function () {
    models = await startModelServer({ reply: () => 'Pumps need oil. [1]' })
    const environment = {
      LLM_PROVIDER: 'openai',
      LLM_MODEL: 'writer',
      OPENAI_BASE_URL: models.openAiUrl,
      RERANK_PROVIDER: 'vllm',
      RERANK_MODEL: 'ranker',
      VLLM_BASE_URL: models.openAiUrl,
      METRICS_TENANT_LABEL: 'true',
    }
    api = await orSkip(this, startApi({ embedding: 'local', environment, now: () => new Date(`${DAY}T12:00:00Z`) }))
    acme = await api.tenant()
    other = await api.tenant()
    for (const tenant of [acme, other]) {
      const kb = await tenant.knowledgeBase()
      const document = { content: 'Pumps need oil. Valves need grease.' }
      const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${kb}/documents`, document))
      await untilReady(tenant.client, document_id)
    }
  })
  after(async () => {
    await api.stop()
    await models.close()
  })

  const totals = async (tenant: TestTenant): Promise<Json> => ok(await tenant.client.get('/v1/usage')).totals
  const modelOf = ({ models: used }: Json, use: string): Json => (used as Json[]).find(one => one.use === use)

  it('has what was indexed, with the tokens of its own model', async () => {
    const used = await eventually(async () => {
      const sums = await totals(acme)
      expect(sums.documents).to.equal(1)
      return sums
    })
    expect(used).to.include({ chunks: 1, answers: 0 })
    expect(modelOf(used, 'embedding')).to.include({ provider: 'local', model: 'bge-small-en-v1.5', output_tokens: 0 })
    expect(modelOf(used, 'embedding')?.texts).to.be.at.least(1)
    expect(modelOf(used, 'embedding')?.input_tokens).to.be.within(8, 60)
  })

  it('grows by what is asked, by whichever route, and by nothing that others ask', async () => {
    const [before, others] = [await totals(acme), await totals(other)]
    ok(await acme.client.post('/v1/retrieve', { query: 'oil for pumps', rerank: 'model' }))
    const answer = ok(await acme.client.post('/v1/rag', { query: 'What do pumps need?' }))
    ok(await acme.client.post('/v1/rag', { query: 'What do pumps want?', stream: true }))
    const chat = { model: 'selfrag', messages: [{ role: 'user', content: 'What of pumps?' }] }
    const completion = ok(await acme.client.post('/v1/chat/completions', chat))
    ok(await acme.client.post('/v1/embeddings', { model: 'bge-small-en-v1.5', input: ['one', 'two'] }))
    const used = await totals(acme)
    const grown = (name: string) => used[name] - before[name]
    expect(['retrievals', 'answers', 'documents'].map(grown)).to.deep.equal([4, 3, 0])
    // The one that asks is counted, too.
    expect(grown('requests')).to.equal(6)
    const llm = modelOf(used, 'llm')
    expect(llm).to.include({ provider: 'openai', model: 'writer', calls: 3, output_tokens: 12 })
    expect(answer.usage.prompt_tokens + completion.usage.prompt_tokens).to.be.below(llm?.input_tokens)
    expect(modelOf(used, 'rerank')).to.include({
      provider: 'vllm',
      model: 'ranker',
      calls: 1,
      texts: 1,
      input_tokens: 7,
    })
    expect(modelOf(used, 'embedding')?.calls - modelOf(before, 'embedding')?.calls).to.equal(5)
    expect({ ...(await totals(other)), requests: 0 }).to.deep.equal({ ...others, requests: 0 })
  })

  it('counts a call that was tried again once, and the trial in the metrics', async () => {
    const before = modelOf(await totals(acme), 'llm')?.calls
    models.misbehave({ kind: 'status', status: 503 })
    ok(await acme.client.post('/v1/rag', { query: 'Do pumps need oil?' }))
    expect(modelOf(await totals(acme), 'llm')?.calls).to.equal(before + 1)
    const { text } = await api.anonymous.get('/metrics')
    expect(text).to.match(/^model_retries_total\{use="llm",provider="openai"\} 1$/m)
    expect(text).to.match(/^model_tokens_total\{use="llm",provider="openai",direction="output"\} \d+$/m)
    expect(text).to.match(/^model_tokens_total\{use="rerank",provider="vllm",direction="input"\} 7$/m)
  })

  it('is shown by day and for a period, to admins of the tenant and of the service', async () => {
    const report = ok(await acme.client.get(`/v1/usage?from=${DAY}&to=${DAY}`))
    expect(report).to.include({ from: DAY, to: DAY })
    expect(report.days).to.have.length(1)
    const { day, ...ofDay } = report.days[0]
    expect([day, ofDay]).to.deep.equal([DAY, report.totals])
    const asAdmin = ok(await api.admin.get(`/admin/tenants/${acme.id}/usage`))
    expect(asAdmin.totals).to.deep.equal(report.totals)
    expect(ok(await acme.client.get('/v1/usage?from=2026-01-01&to=2026-01-31')).days).to.deep.equal([])
    for (const query of ['from=2026-11-02&to=2026-11-01', 'from=yesterday', 'from=2024-01-01'])
      expect((await acme.client.get(`/v1/usage?${query}`)).status, query).to.equal(400)
    expect((await (await acme.withKey({ role: 'write' })).client.get('/v1/usage')).status).to.equal(403)
    const { items } = ok(await acme.client.get('/v1/knowledge-bases'))
    const limited = await acme.withKey({ role: 'admin', scope_kb_ids: [items[0].id] })
    const { status, body } = await limited.client.get('/v1/usage')
    expect([status, body.code]).to.deep.equal([403, 'FORBIDDEN'])
    expect(body.detail).to.contain('an admin key without scope_kb_ids')
    expect((await api.admin.get('/admin/tenants/00000000-0000-4000-8000-000000000000/usage')).status).to.equal(404)
  })

  it('has what an ingestion asks of an LLM', async () => {
    const before = modelOf(await totals(acme), 'llm')
    const theirs = modelOf(await totals(other), 'llm')
    const body = { name: 'enriched', chunking: { enrichers: ['llm_context'] } }
    const { id } = ok(await acme.client.post('/v1/knowledge-bases', body))
    models.reset({ reply: () => '{"context": "From the handbook of pumps."}' })
    const document = { content: 'Valves need grease, too.' }
    const { document_id } = ok(await acme.client.post(`/v1/knowledge-bases/${id}/documents`, document))
    await untilReady(acme.client, document_id)
    const after = modelOf(await totals(acme), 'llm')
    expect(after.calls).to.equal(before.calls + 1)
    expect(after.output_tokens).to.equal(before.output_tokens + 6)
    expect(modelOf(await totals(other), 'llm')).to.deep.equal(theirs)
  })

  it('tells in the metrics that a quota was used up', async () => {
    ok(await api.admin.patch(`/admin/tenants/${acme.id}`, { quotas: { knowledge_bases: 1 } }))
    expect((await acme.client.post('/v1/knowledge-bases', { name: 'one too many' })).status).to.equal(403)
    const { text } = await api.anonymous.get('/metrics')
    expect(text).to.match(/^http_errors_total\{code="QUOTA_EXCEEDED"\} 1$/m)
  })

  it('shows quotas by tenant where the label is wanted', async () => {
    await eventually(async () => {
      const { text } = await api.anonymous.get('/metrics')
      expect(text).to.contain(`tenant_quota_used{tenant="${acme.slug}",quota="documents"} 1`)
      expect(text).to.contain(`tenant_quota_limit{tenant="${acme.slug}",quota="documents"} 1000`)
    })
  })

  describe('written', () => {
    const row = (tenantId: string, count: number): UsageCount => ({ tenantId, day: '2026-01-01', metric: 'llm_calls', provider: 'p', model: 'm', count }) // prettier-ignore
    const stored = async () => {
      const { rows } = await api.application.stores.database.raw<{ rows: { count: string }[] }>("SELECT count FROM selfrag.usage WHERE day = '2026-01-01' ORDER BY provider, model") // prettier-ignore
      return rows.map(({ count }) => Number(count))
    }

    it('by many processes at once, adds up, and leaves out who is gone', async () => {
      const database = api.application.stores.database
      const gone = '00000000-0000-4000-8000-000000000000'
      await Promise.all(
        Array.from({ length: 12 }, (_, index) => {
          const rows = [row(acme.id, 1), row(other.id, 1), row(gone, 1)]
          return addUsage(database, index % 2 === 0 ? rows : rows.toReversed())
        }),
      )
      expect(await stored()).to.deep.equal([12, 12])
    })

    it('by a replica that stops, all of it', async () => {
      const { QDRANT_COLLECTION_PREFIX: collectionPrefix } = api.application.configuration
      const replica = await startApi({ on: { database: api.database, collectionPrefix }, worker: false })
      const before = (await totals(acme)).retrievals
      await Promise.all(Array.from({ length: 20 }, () => replica.as(acme.key).post('/v1/retrieve', { query: 'oil' }))) // prettier-ignore
      await replica.stop()
      expect((await totals(acme)).retrievals).to.equal(before + 20)
    })

    it('survives the migration back, as sums of all models, and forth', async () => {
      const database = api.application.stores.database
      await addUsage(database, [{ ...row(acme.id, 5), model: 'n' }])
      await database.transaction(async sql => {
        await sql.raw('SET LOCAL search_path TO selfrag')
        await down(sql)
        await up(sql)
      })
      expect((await stored()).toSorted()).to.deep.equal([12, 17])
    })
  })
})
