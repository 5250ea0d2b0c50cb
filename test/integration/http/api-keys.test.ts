import { expect } from 'chai'
import { before, beforeEach, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi } from '../../support/api.ts'
import { eventually } from '../../support/eventually.ts'
import { orSkip } from '../../support/missing-part.ts'

describe('/v1/api-keys', () => {
  let api: TestApi
  let tenant: TestTenant
  let clock = Date.now()
  before(async function () {
    this.timeout(60_000)
    api = await orSkip(this, startApi({ worker: false, now: () => new Date(clock) }))
  })
  beforeEach(async () => {
    tenant = await api.tenant()
  })

  it('shows a key once and keeps only its hash', async () => {
    const minted = ok(await tenant.client.post('/v1/api-keys', { name: 'app', role: 'read' }))
    expect(minted.key).to.match(/^kb_sk_/)
    expect(minted.prefix).to.equal(minted.key.slice(0, 12))
    const shown = await tenant.client.get(`/v1/api-keys/${minted.id}`)
    expect(shown.text).not.to.contain(minted.key)
    const { database } = api.application.stores
    const stored = JSON.stringify(await database('selfrag.api_keys').where({ id: minted.id }))
    expect(stored).not.to.contain(minted.key)
    const audited = JSON.stringify(await database('selfrag.audit_log').where({ tenant_id: tenant.id }))
    expect(audited).to.contain(minted.prefix).and.not.to.contain(minted.key)
  })

  it('lets each role do what it may and no more', async () => {
    const { client: read } = await tenant.withKey({ role: 'read' })
    const { client: write } = await tenant.withKey({ role: 'write' })
    const kb = await tenant.knowledgeBase()
    ok(await read.get('/v1/knowledge-bases'))
    ok(await write.post(`/v1/knowledge-bases/${kb}/documents`, { content: 'Words.' }))
    for (const [client, path, body] of [
      [read, `/v1/knowledge-bases/${kb}/documents`, { content: 'x' }],
      [read, '/v1/knowledge-bases', { name: 'x' }],
      [write, '/v1/knowledge-bases', { name: 'x' }],
      [write, '/v1/api-keys', { name: 'x', role: 'read' }],
    ] as const) {
      const { status, body: error } = await client.post(path, body)
      expect([path, status, error.code]).to.deep.equal([path, 403, 'FORBIDDEN'])
    }
  })

  it('refuses a revoked key at once, in the words for an unknown one', async () => {
    const { client, id } = await tenant.withKey({ role: 'read' })
    ok(await client.get('/v1/knowledge-bases'))
    const revoked = ok(await tenant.client.post(`/v1/api-keys/${id}/revoke`))
    expect(revoked.revoked_at).to.be.a('string')
    const refused = await client.get('/v1/knowledge-bases')
    const unknown = await api.as(`kb_sk_${'A'.repeat(43)}`).get('/v1/knowledge-bases')
    const malformed = await api.as('nonsense').get('/v1/knowledge-bases')
    for (const answer of [refused, unknown, malformed]) {
      expect(answer.status).to.equal(401)
      expect(answer.body).to.deep.equal(refused.body).and.to.include({ code: 'INVALID_API_KEY' })
    }
    expect(refused.headers.get('www-authenticate')).to.match(/^Bearer/)
    expect(ok(await tenant.client.post(`/v1/api-keys/${id}/revoke`)).revoked_at).to.equal(revoked.revoked_at)
  })

  it('feels a revocation by another replica within five seconds', async () => {
    const { client, id } = await tenant.withKey({ role: 'read' })
    ok(await client.get('/v1/knowledge-bases'))
    await api.application.stores.database('selfrag.api_keys').where({ id }).update({ revoked_at: new Date() })
    clock += 5000
    expect((await client.get('/v1/knowledge-bases')).body.code).to.equal('INVALID_API_KEY')
  })

  it('feels that another replica disabled the tenant within five seconds', async () => {
    ok(await tenant.client.get('/v1/knowledge-bases'))
    await api.application.stores.database('selfrag.tenants').where({ id: tenant.id }).update({ status: 'disabled' })
    clock += 5000
    expect((await tenant.client.get('/v1/knowledge-bases')).body.code).to.equal('TENANT_DISABLED')
  })

  it('refuses a key when its time has come, though it is remembered', async () => {
    const expires_at = new Date(clock + 60_000).toISOString()
    const { client } = await tenant.withKey({ role: 'read', expires_at })
    ok(await client.get('/v1/knowledge-bases'))
    clock += 60_000
    expect((await client.get('/v1/knowledge-bases')).body.code).to.equal('INVALID_API_KEY')
    const past = await tenant.client.post('/v1/api-keys', { name: 'x', role: 'read', expires_at })
    expect([past.status, past.body.code]).to.deep.equal([400, 'VALIDATION_ERROR'])
  })

  it('rotates a key: the new one works, the old one for the overlap', async () => {
    const { client, id } = await tenant.withKey({ role: 'write', rate_limit_per_minute: 77 })
    const minted = ok(await tenant.client.post(`/v1/api-keys/${id}/rotate`, { overlap_seconds: 100 }))
    expect(minted).to.include({ role: 'write', rate_limit_per_minute: 77, expires_at: null })
    ok(await api.as(minted.key).get('/v1/knowledge-bases'))
    ok(await client.get('/v1/knowledge-bases'))
    clock += 100_000
    expect((await client.get('/v1/knowledge-bases')).status).to.equal(401)
    ok(await api.as(minted.key).get('/v1/knowledge-bases'))
    expect((await tenant.client.post(`/v1/api-keys/${id}/rotate`)).body.code).to.equal('CONFLICT')
  })

  it('changes and deletes keys', async () => {
    const { client, id } = await tenant.withKey({ role: 'admin' })
    expect(ok(await tenant.client.patch(`/v1/api-keys/${id}`, { role: 'read', name: 'less' }))).to.include({ role: 'read', name: 'less' }) // prettier-ignore
    expect((await client.post('/v1/knowledge-bases', { name: 'x' })).body.code).to.equal('FORBIDDEN')
    expect((await tenant.client.delete(`/v1/api-keys/${id}`)).status).to.equal(204)
    expect((await client.get('/v1/knowledge-bases')).status).to.equal(401)
    expect((await tenant.client.get(`/v1/api-keys/${id}`)).body.code).to.equal('API_KEY_NOT_FOUND')
  })

  it('changes nothing when nothing is to be changed', async () => {
    const { id } = await tenant.withKey({ role: 'read' })
    const before = ok(await tenant.client.get(`/v1/api-keys/${id}`))
    expect(ok(await tenant.client.patch(`/v1/api-keys/${id}`, {}))).to.deep.equal(before)
  })

  it('takes no expiry that could not be told again', async () => {
    const make = (expires_at: string) => tenant.client.post('/v1/api-keys', { name: 'x', role: 'read', expires_at })
    expect(ok(await make('9999-12-31T23:59:59Z')).expires_at).to.equal('9999-12-31T23:59:59.000Z')
    expect((await make('9999-12-31T23:59:59-10:00')).body.detail).to.include(
      'expires_at: must be before the year 10000',
    )
  })

  it('notes when a key was last used', async () => {
    const { client, id } = await tenant.withKey({ role: 'read' })
    expect(ok(await tenant.client.get(`/v1/api-keys/${id}`)).last_used_at).to.equal(null)
    ok(await client.get('/v1/knowledge-bases'))
    await eventually(async () => {
      const { last_used_at } = ok(await tenant.client.get(`/v1/api-keys/${id}`))
      expect(last_used_at).to.equal(new Date(clock).toISOString())
    })
  })

  describe('that are limited to some knowledge bases', () => {
    it('see those only, and the others as if they did not exist', async () => {
      const [one, two] = [await tenant.knowledgeBase(), await tenant.knowledgeBase()]
      const { client } = await tenant.withKey({ role: 'admin', scope_kb_ids: [one] })
      expect(ok(await client.get('/v1/knowledge-bases')).items.map(({ id }: { id: string }) => id)).to.deep.equal([one])
      for (const answer of [
        await client.get(`/v1/knowledge-bases/${two}`),
        await client.patch(`/v1/knowledge-bases/${two}`, { description: 'x' }),
        await client.delete(`/v1/knowledge-bases/${two}`),
        await client.get(`/v1/knowledge-bases/${two}/documents`),
        await client.post(`/v1/knowledge-bases/${two}/documents`, { content: 'x' }),
        await client.post('/v1/retrieve', { query: 'x', knowledge_base_ids: [two] }),
      ])
        expect([answer.status, answer.body.code]).to.deep.equal([404, 'KB_NOT_FOUND'])
      expect((await client.post('/v1/knowledge-bases', { name: 'new' })).body.code).to.equal('FORBIDDEN')
    })

    it('cannot make or touch keys that reach further than they do', async () => {
      const [one, two] = [await tenant.knowledgeBase(), await tenant.knowledgeBase()]
      const { client } = await tenant.withKey({ role: 'admin', scope_kb_ids: [one] })
      const wide = await tenant.withKey({ role: 'read' })
      const other = await tenant.withKey({ role: 'read', scope_kb_ids: [two] })
      const make = (scope_kb_ids?: string[]) => client.post('/v1/api-keys', { name: 'x', role: 'read', scope_kb_ids })
      expect((await make()).body.code).to.equal('FORBIDDEN')
      expect((await make([one, two])).body.code).to.equal('KB_NOT_FOUND')
      const own = ok(await make([one]))
      expect((await client.patch(`/v1/api-keys/${own.id}`, { scope_kb_ids: null })).body.code).to.equal('FORBIDDEN')
      for (const { id } of [wide, other])
        expect((await client.post(`/v1/api-keys/${id}/revoke`)).body.code).to.equal('API_KEY_NOT_FOUND')
      const { items, total } = ok(await client.get('/v1/api-keys'))
      expect(total).to.equal(2)
      expect(items.map(({ scope_kb_ids }: { scope_kb_ids: string[] }) => scope_kb_ids)).to.deep.equal([[one], [one]])
    })

    it('must name knowledge bases that exist', async () => {
      const scope_kb_ids = ['00000000-0000-4000-8000-000000000000']
      expect((await tenant.client.post('/v1/api-keys', { name: 'x', role: 'read', scope_kb_ids })).body.code).to.equal('KB_NOT_FOUND') // prettier-ignore
    })
  })
})
