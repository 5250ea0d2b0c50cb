import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../../support/api.ts'
import { orSkip } from '../../support/missing-part.ts'

describe('conditional requests', () => {
  let api: TestApi
  let tenant: TestTenant

  before(async function () {
    this.timeout(60_000)
    api = await orSkip(this, startApi())
    tenant = await api.tenant()
  })

  const etagOf = async (path: string) => (await tenant.client.get(path)).headers.get('etag')!
  const knowledgeBase = async () => `/v1/knowledge-bases/${await tenant.knowledgeBase()}`
  const document = async () => {
    const { document_id } = ok(await tenant.client.post(`${await knowledgeBase()}/documents`, { content: 'Hello.' }))
    await untilReady(tenant.client, document_id)
    return `/v1/documents/${document_id}`
  }

  for (const [what, make] of Object.entries({ 'knowledge base': knowledgeBase, document })) {
    it(`do not send a ${what} again that the caller has`, async () => {
      const path = await make()
      const headers = { 'if-none-match': await etagOf(path) }
      const again = await tenant.client.get(path, { headers })
      expect([again.status, again.text, again.headers.get('etag')]).to.deep.equal([304, '', headers['if-none-match']])
      expect((await tenant.client.get(path, { headers: { 'if-none-match': '"old"' } })).status).to.equal(200)
    })

    it(`delete a ${what} only as it was seen`, async () => {
      const path = await make()
      const refused = await tenant.client.send('DELETE', path, { headers: { 'if-match': '"old"' } })
      expect([refused.status, refused.body.code]).to.deep.equal([412, 'PRECONDITION_FAILED'])
      expect((await tenant.client.get(path)).status).to.equal(200)
      expect((await tenant.client.send('DELETE', path, { headers: { 'if-match': await etagOf(path) } })).status).to.be.within(202, 204) // prettier-ignore
    })
  }

  it('let one of two people change a knowledge base, and tell the other', async () => {
    const path = await knowledgeBase()
    const headers = { 'if-match': await etagOf(path) }
    const change = (description: string) => tenant.client.send('PATCH', path, { body: { description }, headers })
    const answers = await Promise.all(['one', 'two', 'three'].map(change))
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 412, 412])
    const [winner] = answers.filter(({ status }) => status === 200)
    expect(winner!.headers.get('etag')).to.equal(await etagOf(path))
    expect(ok(await tenant.client.get(path)).description).to.equal(winner!.body.description)
  })

  it('tell how long the stages of a retrieval took', async () => {
    const { headers, body } = await tenant.client.post('/v1/retrieve', { query: 'hello' })
    expect(headers.get('server-timing')).to.match(/search;dur=[\d.]+.*total;dur=[\d.]+$/)
    expect(body.timings_ms).to.have.property('search')
    expect((await tenant.client.get('/v1/knowledge-bases')).headers.get('server-timing')).to.match(/^total;dur=[\d.]+$/)
  })
})
