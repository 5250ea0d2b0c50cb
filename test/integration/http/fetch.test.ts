import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { ok, startApi, type TestApi, type TestTenant, untilReady } from '../../support/api.ts'
import { orSkip } from '../../support/missing-part.ts'
import { pageServer } from '../../support/page-server.ts'

describe('POST /v1/knowledge-bases/{id}/documents/fetch', () => {
  let api: TestApi
  let tenant: TestTenant
  let path: string
  let host: string
  let hits = 0

  before(async function () {
    this.timeout(60_000)
    host = await pageServer((request, response) => {
      hits++
      if (request.url?.startsWith('/handbook'))
        response.setHeader('content-type', 'text/html').end('<main><h1>Pumps</h1><p>Change the oil of pump seven every month.</p></main>') // prettier-ignore
      else response.setHeader('content-type', 'text/plain').end(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]))
    })
    api = await orSkip(this, startApi({ environment: { FETCH_ALLOWED_HOSTS: '127.0.0.1' } }))
    tenant = await api.tenant()
    path = `/v1/knowledge-bases/${await tenant.knowledgeBase()}/documents/fetch`
  })

  it('indexes what is there, read by its content, and remembers from where without the query', async () => {
    const url = `${host}/handbook?signature=secret`
    const answer = await tenant.client.post(path, { url, metadata: { team: 'pumps' } })
    expect(answer.status).to.equal(202)
    const document = await untilReady(tenant.client, answer.body.document_id)
    expect(document).to.include({ media_type: 'text/html', filename: 'handbook', title: 'Pumps' })
    expect(document.metadata).to.deep.equal({ team: 'pumps', source_url: `${host}/handbook` })
    const found = ok(await tenant.client.post('/v1/retrieve', { query: 'oil of pump seven', retriever: 'bm25' }))
    expect(found.results[0].document_id).to.equal(document.id)
    const { items } = ok(await api.admin.get(`/admin/audit-logs?tenant_id=${tenant.id}&action=add-documents`))
    expect(items[0].detail).to.deep.equal({ source_url: `${host}/handbook` })
    expect(JSON.stringify(items)).not.to.contain('secret')
  })

  it('gives a repeated Idempotency-Key the first answer', async () => {
    const send = () => tenant.client.post(path, { url: `${host}/handbook?again` }, { headers: { 'idempotency-key': 'fetch-1' } }) // prettier-ignore
    expect((await send()).body).to.deep.equal((await send()).body)
  })

  it('refuses with FETCH_FAILED, VALIDATION_ERROR or KB_NOT_FOUND, and fetches nothing for who may not keep it', async () => {
    const told = async (url: string, client = tenant.client, to = path) => {
      const { status, body } = await client.post(to, { url })
      return [status, body.code]
    }
    expect(await told('http://10.0.0.1/')).to.deep.equal([400, 'FETCH_FAILED'])
    expect(await told('http://[::1]:8020/health')).to.deep.equal([400, 'FETCH_FAILED'])
    expect(await told('http://127.0.0.1:1/')).to.deep.equal([502, 'FETCH_FAILED'])
    expect(await told('https://user:secret@example.com/')).to.deep.equal([400, 'VALIDATION_ERROR'])
    expect(await told(`${host}/program`)).to.deep.equal([415, 'VALIDATION_ERROR'])
    hits = 0
    const other = await api.tenant()
    expect(await told(`${host}/handbook`, other.client)).to.deep.equal([404, 'KB_NOT_FOUND'])
    const reader = await tenant.withKey({ role: 'read' })
    expect(await told(`${host}/handbook`, reader.client)).to.deep.equal([403, 'FORBIDDEN'])
    expect(hits).to.equal(0)
  })
})
