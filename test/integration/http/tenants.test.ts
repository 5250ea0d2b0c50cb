import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type TestApi, ok, startApi } from '../../support/api.ts'
import { orSkip } from '../../support/missing-part.ts'

describe('/admin/tenants', () => {
  let api: TestApi
  before(async function () {
    this.timeout(60_000)
    api = await orSkip(this, startApi({ worker: false }))
  })

  it('makes a tenant of a name alone, as the guide does, on a database that holds nothing yet', async () => {
    const answer = await api.admin.post('/admin/tenants', { name: 'default-tenant' })
    expect(answer.status).to.equal(201)
    expect(answer.body).to.deep.include({
      slug: 'default-tenant',
      name: 'default-tenant',
      status: 'active',
      schema: 'tenant_default_tenant',
      managed_by: 'api',
      resource: null,
      quotas: { knowledge_bases: 10, documents: 1000, storage_mb: 1024, requests_per_minute: -1 },
    })
    expect(answer.headers.get('location')).to.equal(`/admin/tenants/${answer.body.id}`)
    expect(answer.body.api_key).to.include({ name: 'admin', role: 'admin' })
    ok(await api.as(answer.body.api_key.key).get('/v1/knowledge-bases'))
  })
})
