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

  it('takes slug, plan, isolation and quotas, and shows what is used', async () => {
    const made = ok(
      await api.admin.post('/admin/tenants', {
        name: 'Ünïque Ltd.',
        slug: 'unique',
        plan: 'gold',
        isolation: 'Dedicated',
        quotas: { documents: 5 },
      }),
    )
    expect(made.collection).to.match(/_t_unique$/)
    const tenant = ok(await api.admin.get(`/admin/tenants/${made.id}`))
    expect(tenant).to.include({ name: 'Ünïque Ltd.', plan: 'gold', isolation: 'Dedicated' })
    expect(tenant.quotas).to.include({ documents: 5, knowledge_bases: 10 })
    expect(tenant.usage).to.deep.equal({ knowledge_bases: 0, documents: 0, chunks: 0, storage_bytes: 0 })
  })

  it('refuses a slug that is taken, also when two ask at the same moment', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => api.admin.post('/admin/tenants', { name: 'Twins', slug: 'twins' }))) // prettier-ignore
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, 409, 409])
    expect(answers.find(({ status }) => status === 409)?.body).to.include({ code: 'CONFLICT' })
    const winner = answers.find(({ status }) => status === 201)?.body
    ok(await api.as(winner.api_key.key).get('/v1/knowledge-bases'))
  })

  for (const slug of ['Upper', 'under_score', '1st', 'x'.repeat(49), '../etc', 'a"; DROP SCHEMA selfrag; --', ''])
    it(`refuses the slug ${JSON.stringify(slug.slice(0, 30))}`, async () => {
      const { status, body } = await api.admin.post('/admin/tenants', { name: 'x', slug })
      expect([status, body.code]).to.deep.equal([400, 'VALIDATION_ERROR'])
      expect(body.detail).to.match(/^slug: /)
    })

  it('makes harmless names of SQL and paths', async () => {
    const made = ok(await api.admin.post('/admin/tenants', { name: `x'; DROP SCHEMA selfrag CASCADE; --` }))
    expect(made).to.include({ slug: 'x-drop-schema-selfrag-cascade', schema: 'tenant_x_drop_schema_selfrag_cascade' })
    ok(await api.admin.get('/admin/tenants'))
  })

  it('lists tenants page by page', async () => {
    const first = ok(await api.admin.get('/admin/tenants?page_size=2'))
    expect(first).to.include({ page: 1, page_size: 2, pages: Math.ceil(first.total / 2) })
    expect(first.items).to.have.length(2)
    const second = ok(await api.admin.get('/admin/tenants?page_size=2&page=2'))
    const slugs = [...first.items, ...second.items].map(({ slug }: { slug: string }) => slug)
    expect(slugs).to.deep.equal([...new Set(slugs)].sort())
    expect(ok(await api.admin.get('/admin/tenants?page=1000')).items).to.deep.equal([])
  })

  it('changes name, plan and single quotas', async () => {
    const { id } = await api.tenant()
    const changed = ok(await api.admin.patch(`/admin/tenants/${id}`, { name: 'New', quotas: { documents: -1 } }))
    expect(changed).to.include({ name: 'New', plan: 'standard' })
    expect(changed.quotas).to.include({ documents: -1, storage_mb: 1024 })
  })

  it('disables a tenant, which its keys feel at once here, and enables it again', async () => {
    const tenant = await api.tenant()
    ok(await tenant.client.get('/v1/knowledge-bases'))
    expect(ok(await api.admin.post(`/admin/tenants/${tenant.id}/disable`)).status).to.equal('disabled')
    const refused = await tenant.client.get('/v1/knowledge-bases')
    expect([refused.status, refused.body.code]).to.deep.equal([403, 'TENANT_DISABLED'])
    expect(ok(await api.admin.post(`/admin/tenants/${tenant.id}/enable`)).status).to.equal('active')
    ok(await tenant.client.get('/v1/knowledge-bases'))
  })

  it('deletes a tenant with everything it has, and lets its slug be used again', async () => {
    const tenant = await api.tenant({ name: 'short-lived' })
    const kb = await tenant.knowledgeBase()
    ok(await tenant.client.post(`/v1/knowledge-bases/${kb}/documents`, { content: 'Something to erase.' }))
    const { erased } = ok(await api.admin.delete(`/admin/tenants/${tenant.id}`))
    expect(erased.rows).to.be.greaterThan(2)
    expect((await tenant.client.get('/v1/knowledge-bases')).body.code).to.equal('INVALID_API_KEY')
    expect((await api.admin.get(`/admin/tenants/${tenant.id}`)).body.code).to.equal('TENANT_NOT_FOUND')
    const { database } = api.application.stores
    const schemas = await database.raw("SELECT 1 FROM pg_namespace WHERE nspname = 'tenant_short_lived'")
    expect(schemas.rows).to.deep.equal([])
    const again = await api.tenant({ name: 'short-lived' })
    expect(again.id).not.to.equal(tenant.id)
    expect(ok(await again.client.get('/v1/knowledge-bases')).total).to.equal(0)
  })

  it('makes and lists keys of a tenant', async () => {
    const { id } = await api.tenant()
    const minted = ok(await api.admin.post(`/admin/tenants/${id}/api-keys`, { name: 'ops', role: 'read' }))
    ok(await api.as(minted.key).get('/v1/knowledge-bases'))
    const { items } = ok(await api.admin.get(`/admin/tenants/${id}/api-keys`))
    expect(items.map(({ name }: { name: string }) => name)).to.deep.equal(['ops', 'admin'])
    expect(JSON.stringify(items)).not.to.contain(minted.key)
  })

  it('does not know other ids', async () => {
    for (const id of ['00000000-0000-4000-8000-000000000000', 'nonsense', "1'%20OR%201=1"]) {
      const { status, body } = await api.admin.get(`/admin/tenants/${id}`)
      expect([status, body.code]).to.deep.equal([404, 'TENANT_NOT_FOUND'])
    }
  })

  it('leaves what a resource declares alone, and names the resource', async () => {
    const tenant = await api.tenant()
    const kb = await tenant.knowledgeBase('handbook')
    const key = await tenant.withKey({ role: 'read' })
    const { database } = api.application.stores
    const owner = { cluster: 'c', uid: 'u', name: 'RagTenant/default/acme' }
    await database('selfrag.tenants').where({ id: tenant.id }).update({ managed_by: 'resource', owner })
    await database('selfrag.api_keys').where({ id: key.id }).update({ managed_by: 'resource' })
    await database.transaction(async sql => {
      await sql.raw(`SELECT set_config('role', nspowner::regrole::text, true) FROM pg_namespace WHERE nspname = ?`, [`tenant_${tenant.slug.replaceAll('-', '_')}`]) // prettier-ignore
      await sql('knowledge_bases').withSchema(`tenant_${tenant.slug.replaceAll('-', '_')}`).update({ managed_by: 'resource' }) // prettier-ignore
    })
    const refused = [
      await api.admin.patch(`/admin/tenants/${tenant.id}`, { name: 'x' }),
      await api.admin.delete(`/admin/tenants/${tenant.id}`),
      await api.admin.post(`/admin/tenants/${tenant.id}/disable`),
      await tenant.client.patch(`/v1/knowledge-bases/${kb}`, { description: 'x' }),
      await tenant.client.delete(`/v1/knowledge-bases/${kb}`),
      await tenant.client.patch(`/v1/api-keys/${key.id}`, { name: 'x' }),
      await tenant.client.delete(`/v1/api-keys/${key.id}`),
      await tenant.client.post(`/v1/api-keys/${key.id}/revoke`),
      await tenant.client.post(`/v1/api-keys/${key.id}/rotate`),
    ]
    for (const { status, body } of refused) {
      expect([status, body.code]).to.deep.equal([409, 'CONFLICT'])
      expect(body.detail).to.contain('is declared by RagTenant/default/acme')
    }
    // What HTTP makes inside it is data, and stays HTTP's.
    const own = await tenant.knowledgeBase('more')
    ok(await tenant.client.delete(`/v1/knowledge-bases/${own}`))
  })
})

describe('X-Admin-Token', () => {
  it('is needed for everything under /admin, and a key of a tenant is not it', async function () {
    const api = await orSkip(this, startApi({ worker: false }))
    const tenant = await api.tenant()
    const paths = ['/admin/tenants', `/admin/tenants/${tenant.id}`, '/admin/system-config', '/admin/audit-logs']
    for (const path of paths)
      for (const client of [api.anonymous, tenant.client]) {
        const { status, body } = await client.get(path)
        expect([path, status, body.code]).to.deep.equal([path, 401, 'UNAUTHORIZED'])
      }
    const wrong = await api.anonymous.get('/admin/tenants', { headers: { 'x-admin-token': 'wrong' } })
    expect(wrong.status).to.equal(401)
    await api.stop()
  })
})
