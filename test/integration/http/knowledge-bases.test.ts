import { expect } from 'chai'
import { before, beforeEach, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../../support/api.ts'
import { eventually } from '../../support/eventually.ts'
import { orSkip } from '../../support/missing-part.ts'

describe('/v1/knowledge-bases', () => {
  let api: TestApi
  let tenant: TestTenant
  before(async function () {
    this.timeout(60_000)
    api = await orSkip(this, startApi())
  })
  beforeEach(async () => {
    tenant = await api.tenant()
  })

  it('creates, shows, changes and lists', async () => {
    const created = await tenant.client.post('/v1/knowledge-bases', {
      name: ' Handbook ',
      description: 'How we work',
      chunking: { chunk_size: 500 },
      retrieval: { default_retriever: 'bm25', top_k: 7 },
    })
    expect(created.status).to.equal(201)
    expect(created.body).to.deep.include({
      name: 'Handbook',
      chunking: { chunk_size: 500 },
      retrieval: { default_retriever: 'bm25', top_k: 7 },
      managed_by: 'api',
    })
    const path = `/v1/knowledge-bases/${created.body.id}`
    expect(created.headers.get('location')).to.equal(path)
    expect(ok(await tenant.client.get(path))).to.deep.equal(created.body)
    const changed = ok(await tenant.client.patch(path, { name: 'Rules', retrieval: {} }))
    expect(changed).to.deep.include({ name: 'Rules', description: 'How we work', retrieval: {} })
    expect(changed.chunking).to.deep.equal({ chunk_size: 500 })
    expect(ok(await tenant.client.patch(path, {}))).to.deep.equal(changed)
    await tenant.knowledgeBase('Another')
    const list = ok(await tenant.client.get('/v1/knowledge-bases?page_size=1'))
    expect(list).to.include({ total: 2, page: 1, page_size: 1, pages: 2 })
    expect(list.items[0].name).to.equal('Another')
  })

  it('tells how many documents are cut with older settings, until they are processed again', async () => {
    const path = `/v1/knowledge-bases/${await tenant.knowledgeBase('cut')}`
    const { document_id } = ok(await tenant.client.post(`${path}/documents`, { content: 'The pump runs dry. '.repeat(20) })) // prettier-ignore
    await untilReady(tenant.client, document_id)
    const fresh = await tenant.client.get(path)
    expect(ok(fresh)).to.deep.include({ outdated_documents: 0, given_up: [] })
    const changed = ok(await tenant.client.patch(path, { chunking: { chunk_size: 100, chunk_overlap: 0 } }))
    expect(changed.outdated_documents).to.equal(1)
    expect(ok(await tenant.client.get('/v1/knowledge-bases')).items[0].outdated_documents).to.equal(1)
    const seen = (await tenant.client.get(path)).headers.get('etag')!
    ok(await tenant.client.post(`/v1/documents/${document_id}/reprocess`, {}))
    await untilReady(tenant.client, document_id)
    const again = await tenant.client.send('GET', path, { headers: { 'If-None-Match': seen } })
    expect([again.status, again.body.outdated_documents]).to.deep.equal([200, 0])
    expect((await tenant.client.send('PATCH', path, { body: { description: 'cut small' }, headers: { 'If-Match': seen } })).status).to.equal(200) // prettier-ignore
  })

  it('refuses a name that is taken, on creation and on change', async () => {
    await tenant.knowledgeBase('one')
    const two = await tenant.knowledgeBase('two')
    for (const answer of [
      await tenant.client.post('/v1/knowledge-bases', { name: 'one' }),
      await tenant.client.patch(`/v1/knowledge-bases/${two}`, { name: 'one' }),
    ]) {
      expect([answer.status, answer.body.code]).to.deep.equal([409, 'CONFLICT'])
      expect(answer.body.detail).to.contain('"one"')
    }
  })

  it('holds the quota when ten ask for the last place at once', async () => {
    await api.admin.patch(`/admin/tenants/${tenant.id}`, { quotas: { knowledge_bases: 3 } })
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => tenant.client.post('/v1/knowledge-bases', { name: `kb-${index}` })),
    )
    expect(answers.filter(({ status }) => status === 201)).to.have.length(3)
    for (const { status, body } of answers.filter(({ status }) => status !== 201)) {
      expect([status, body.code]).to.deep.equal([403, 'QUOTA_EXCEEDED'])
      expect(body.detail).to.contain('3 of at most 3 knowledge bases')
    }
  })

  it('judges chunk settings together with the pipeline’s', async () => {
    const { status, body } = await tenant.client.post('/v1/knowledge-bases', {
      name: 'x',
      chunking: { chunk_overlap: 800 },
    })
    expect([status, body.code]).to.deep.equal([400, 'VALIDATION_ERROR'])
    expect(body.detail).to.equal('chunking.chunk_overlap: is 800 and must be at most half of chunk_size, which is 1000')
  })

  it('refuses enrichers that ask an LLM where there is none, when it is made and when it is changed', async () => {
    const chunking = { enrichers: ['title_path', 'llm_context'] }
    const made = await tenant.client.post('/v1/knowledge-bases', { name: 'x', chunking })
    expect([made.status, made.body.code]).to.deep.equal([409, 'KB_CONFIG_ERROR'])
    expect(made.body.detail).to.match(/^chunking\.enrichers: llm_context .*models\.llm.*LLM_PROVIDER/)
    const plain = ok(
      await tenant.client.post('/v1/knowledge-bases', { name: 'x', chunking: { enrichers: ['title_path'] } }),
    )
    expect(plain.chunking).to.deep.equal({ enrichers: ['title_path'] })
    const changed = await tenant.client.patch(`/v1/knowledge-bases/${plain.id}`, { chunking })
    expect([changed.status, changed.body.code]).to.deep.equal([409, 'KB_CONFIG_ERROR'])
    const unknown = await tenant.client.post('/v1/knowledge-bases', { name: 'y', chunking: { enrichers: ['magic'] } })
    expect([unknown.status, unknown.body.code]).to.deep.equal([400, 'VALIDATION_ERROR'])
  })

  it('takes names with SQL and paths in them as what they are: names', async () => {
    for (const name of [`'; DROP TABLE documents; --`, '../../etc/passwd', '${7*7}', '租户 🦊']) {
      const id = await tenant.knowledgeBase(name)
      expect(ok(await tenant.client.get(`/v1/knowledge-bases/${id}`)).name).to.equal(name)
    }
  })

  it('has one name for what looks the same, whichever way its letters are put together', async () => {
    await tenant.knowledgeBase('Caf\u00e9')
    const again = await tenant.client.post('/v1/knowledge-bases', { name: 'Cafe\u0301' })
    expect(again.body.code).to.equal('CONFLICT')
  })

  it('deletes one although another has the name that deleted ones once got', async () => {
    const id = await tenant.knowledgeBase('to be deleted')
    await tenant.knowledgeBase(`deleted:${id}`)
    expect((await tenant.client.delete(`/v1/knowledge-bases/${id}`)).status).to.equal(204)
  })

  it('deletes with everything in it: gone at once, and really gone soon after', async () => {
    const id = await tenant.knowledgeBase('short-lived')
    const path = `/v1/knowledge-bases/${id}`
    const { document_id } = ok(await tenant.client.post(`${path}/documents`, { content: 'The kraken sleeps.' }))
    await untilReady(tenant.client, document_id)
    expect(ok(await tenant.client.post('/v1/retrieve', { query: 'kraken' })).results).to.have.length(1)
    expect((await tenant.client.delete(path)).status).to.equal(204)
    expect((await tenant.client.get(path)).body.code).to.equal('KB_NOT_FOUND')
    expect((await tenant.client.delete(path)).body.code).to.equal('KB_NOT_FOUND')
    expect((await tenant.client.get(`/v1/documents/${document_id}`)).body.code).to.equal('DOC_NOT_FOUND')
    expect(ok(await tenant.client.post('/v1/retrieve', { query: 'kraken' })).results).to.deep.equal([])
    // The name is free before the work in the background is done.
    await tenant.knowledgeBase('short-lived')
    await eventually(async () => {
      const { rows } = await api.application.stores.database.raw(
        `SELECT status FROM selfrag.jobs WHERE kind = 'delete-knowledge-base' AND kb_id = ?`,
        [id],
      )
      expect(rows).to.deep.equal([{ status: 'succeeded' }])
    })
    const scope = (await api.application.services.tenants.scope(tenant.id)).vectors()
    expect(await api.application.stores.vectors.count(scope, { all: true })).to.equal(0)
  })
})
