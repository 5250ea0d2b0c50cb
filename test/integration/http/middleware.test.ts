import { request } from 'node:http'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi } from '../../support/api.ts'
import type { Json } from '../../support/api-client.ts'
import { eventually } from '../../support/eventually.ts'
import { orSkip } from '../../support/missing-part.ts'

describe('what every request goes through', () => {
  let api: TestApi
  let tenant: TestTenant
  const lines: Json[] = []
  before(async function () {
    this.timeout(60_000)
    const environment = {
      CORS_ORIGINS: 'https://app.example.com',
      ALLOWED_HOSTS: '127.0.0.1,*.example.com',
      RATE_LIMIT_PER_MINUTE: '1000',
    }
    api = await orSkip(this, startApi({ worker: false, environment, onLog: line => lines.push(line) }))
    tenant = await api.tenant()
  })

  const linesOf = (id: string) => eventually(() => {
      const found = lines.filter(line => line.request_id === id && line.route !== undefined)
      expect(found).not.to.deep.equal([])
      return found
    }) // prettier-ignore

  describe('request ids', () => {
    it('are taken over, made where there is none, and replaced where they are no id', async () => {
      const id = async (given?: string) =>
        (await api.anonymous.get('/health', { headers: given === undefined ? {} : { 'x-request-id': given } })).headers.get('x-request-id') // prettier-ignore
      expect(await id('abc-123')).to.equal('abc-123')
      expect(await id()).to.match(/^[0-9a-f-]{36}$/)
      expect(await id('x y"z')).to.match(/^[0-9a-f-]{36}$/)
      expect(await id('x'.repeat(129))).to.match(/^[0-9a-f-]{36}$/)
    })
  })

  describe('the log', () => {
    it('has one line a request, with who and how long, and without bodies, queries and keys', async () => {
      const headers = { 'x-request-id': 'log-1' }
      await tenant.client.get('/v1/knowledge-bases?page=1', { headers })
      const [line, ...more] = await linesOf('log-1')
      expect(more).to.deep.equal([])
      expect(line).to.include({
        level: 'INFO',
        message: 'GET /v1/knowledge-bases 200',
        method: 'GET',
        path: '/v1/knowledge-bases',
        route: '/v1/knowledge-bases',
        status: 200,
        tenant_id: tenant.id,
        api_key: tenant.key.slice(0, 12),
      })
      expect(line.duration_ms).to.be.a('number')
      await tenant.client.post('/v1/retrieve', { query: 'a very private question' }, { headers: { 'x-request-id': 'log-2' } }) // prettier-ignore
      await linesOf('log-2')
      const all = JSON.stringify(lines)
      expect(all).not.to.contain('very private').and.not.to.contain(tenant.key).and.not.to.contain('admin-token')
    })

    it('has a refused request’s code', async () => {
      await api.anonymous.get('/v1/knowledge-bases', { headers: { 'x-request-id': 'log-3' } })
      expect((await linesOf('log-3'))[0]).to.include({ status: 401, code: 'UNAUTHORIZED', level: 'INFO' })
    })
  })

  describe('headers', () => {
    it('keep browsers from doing harm, and answers from being kept', async () => {
      const { headers } = await tenant.client.get('/v1/knowledge-bases')
      expect(headers.get('x-content-type-options')).to.equal('nosniff')
      expect(headers.get('content-security-policy')).to.contain("default-src 'none'")
      expect(headers.get('x-powered-by')).to.equal(null)
      expect(headers.get('cache-control')).to.equal('no-store')
    })

    it('let browsers of the configured origins in, and no others', async () => {
      const ask = async (origin: string) =>
        (await tenant.client.get('/v1/knowledge-bases', { headers: { origin } })).headers.get('access-control-allow-origin') // prettier-ignore
      expect(await ask('https://app.example.com')).to.equal('https://app.example.com')
      expect(await ask('https://evil.example.com')).to.equal(null)
      const preflight = await fetch(`${api.url}/v1/retrieve`, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://app.example.com',
          'access-control-request-method': 'POST',
          // As OpenAI's client for JavaScript asks in a browser.
          'access-control-request-headers': 'authorization,content-type,x-stainless-os',
        },
      })
      expect(preflight.status).to.equal(204)
      expect(preflight.headers.get('access-control-allow-headers')).to.equal(
        'authorization,content-type,x-stainless-os',
      )
    })
  })

  describe('ALLOWED_HOSTS', () => {
    const status = (path: string, host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const sent = request(api.url + path, { headers: { host } }, response => {
          response.resume()
          resolve(response.statusCode)
        })
        sent.once('error', reject)
        sent.end()
      })

    it('serves the named hosts and the names below a star, and refuses others', async () => {
      expect(await status('/', '127.0.0.1:8020')).to.equal(200)
      expect(await status('/', 'rag.example.com')).to.equal(200)
      expect(await status('/', 'example.com')).to.equal(421)
      expect(await status('/', 'rag.example.com.evil.org')).to.equal(421)
    })

    it('lets probes through under any name', async () => {
      for (const path of ['/health', '/ready', '/metrics']) expect(await status(path, '10.0.0.7:8020')).to.equal(200)
    })
  })

  describe('rate limits', () => {
    it('count a key by its own limit, tell how much is left, and refuse with Retry-After', async () => {
      const { client } = await tenant.withKey({ role: 'read', rate_limit_per_minute: 3 })
      const answers = []
      for (let i = 0; i < 4; i++) answers.push(await client.get('/v1/knowledge-bases'))
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200, 429])
      expect(answers.map(({ headers }) => headers.get('ratelimit-remaining'))).to.deep.equal(['2', '1', '0', '0'])
      expect(answers[3]?.body.code).to.equal('RATE_LIMITED')
      expect(Number(answers[3]?.headers.get('retry-after'))).to.be.within(1, 60)
      ok(await tenant.client.get('/v1/knowledge-bases'))
    })

    it('give a key without a limit of its own RATE_LIMIT_PER_MINUTE, or what the administrator set', async () => {
      const limit = async () => (await tenant.client.get('/v1/knowledge-bases')).headers.get('ratelimit-limit')
      expect(await limit()).to.equal('1000')
      ok(await api.admin.put('/admin/system-config', { rate_limit_per_minute: 500 }))
      expect(await limit()).to.equal('500')
      ok(await api.admin.put('/admin/system-config', {}))
    })

    it('hold for all keys of a tenant together', async () => {
      const small = await api.tenant({ quotas: { requests_per_minute: 3 } })
      const { client } = await small.withKey({ role: 'read' })
      const statuses = []
      for (const one of [client, small.client, client]) statuses.push((await one.get('/v1/knowledge-bases')).status)
      expect(statuses).to.deep.equal([200, 200, 429])
    })
  })

  describe('the audit log', () => {
    it('has changes with who, what and the request’s id, and refusals', async () => {
      const headers = { 'x-request-id': 'audit-1' }
      const kb = ok(await tenant.client.post('/v1/knowledge-bases', { name: 'audited' }, { headers }))
      const { client } = await tenant.withKey({ role: 'read' })
      await client.post('/v1/knowledge-bases', { name: 'x' }, { headers: { 'x-request-id': 'audit-2' } })
      const made = ok(await api.admin.get('/admin/audit-logs?request_id=audit-1'))
      expect(made.items[0]).to.deep.include({
        actor_type: 'api-key',
        actor: tenant.key.slice(0, 12),
        tenant_id: tenant.id,
        action: 'create-knowledge-base',
        target: kb.id,
        outcome: 'success',
        detail: { name: 'audited' },
      })
      await eventually(async () => {
        const denied = ok(await api.admin.get('/admin/audit-logs?request_id=audit-2&outcome=denied'))
        expect(denied.items[0]).to.deep.include({
          action: 'access-denied',
          target: 'POST /v1/knowledge-bases',
          tenant_id: tenant.id,
          detail: { code: 'FORBIDDEN' },
        })
      })
    })

    const denials = async () => ok(await api.admin.get('/admin/audit-logs?outcome=denied&page_size=1')).total as number

    it('cannot be filled by strangers', async () => {
      const before = await denials()
      for (let i = 0; i < 150; i++) await api.anonymous.get('/v1/knowledge-bases')
      expect((await denials()) - before).to.be.at.most(120) // two minutes may have begun
      expect(lines.filter(line => line.code === 'UNAUTHORIZED').length).to.be.at.least(150)
    })

    it('cannot be filled with the key of a disabled tenant, which no rate limit holds back', async () => {
      const other = await api.tenant()
      ok(await api.admin.post(`/admin/tenants/${other.id}/disable`))
      const before = await denials()
      for (let i = 0; i < 150; i++) expect((await other.client.get('/v1/knowledge-bases')).status).to.equal(403)
      expect((await denials()) - before).to.be.within(1, 120)
    })
  })

  describe('system settings', () => {
    it('stand above the environment and below the request', async () => {
      const kb = await tenant.knowledgeBase()
      const settings = {
        retrieval: { default_retriever: 'bm25', top_k: 3 },
        tenant_quotas: { documents: 7 },
        models: {},
      }
      expect(ok(await api.admin.put('/admin/system-config', settings))).to.deep.equal(settings)
      expect(ok(await api.admin.get('/admin/system-config'))).to.deep.equal(settings)
      const answer = ok(await tenant.client.post('/v1/retrieve', { query: 'x', knowledge_base_ids: [kb] }))
      expect(answer.model.requested_retriever).to.equal('bm25')
      const made = ok(await api.admin.post('/admin/tenants', { name: 'after the change' }))
      expect(made.quotas).to.include({ documents: 7, knowledge_bases: 10 })
      ok(await api.admin.put('/admin/system-config', {}))
    })
  })

  describe('pages about the service', () => {
    it('lead from the root to the description', async () => {
      expect(ok(await api.anonymous.get('/'))).to.include({ name: 'selfrag', docs: '/docs' })
      expect(ok(await api.anonymous.get('/openapi.json')).openapi).to.equal('3.1.0')
      const page = await api.anonymous.get('/docs')
      expect(page.headers.get('content-type')).to.equal('text/html; charset=utf-8')
      const files = [...page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(match => match[1] ?? '')
      expect(files).to.have.length(3)
      for (const file of files) expect((await fetch(api.url + file)).status, file).to.equal(200)
      expect(page.text).not.to.match(/https?:/)
      expect((await fetch(`${api.url}/docs/assets/package.json`)).status).to.equal(404)
    })

    it('are healthy and ready, and say plainly that there is no model', async () => {
      expect(ok(await api.anonymous.get('/health'))).to.deep.equal({ status: 'ok' })
      const { status, checks } = ok(await api.anonymous.get('/ready'))
      expect(status).to.equal('ok')
      expect(Object.keys(checks)).to.deep.equal(['database', 'qdrant', 'embedding'])
      expect(checks.database.message).to.equal('connected')
      expect(checks.qdrant.message).to.match(/^connected \(qdrant .* collections\)$/)
      expect(checks.embedding.message).to.contain('lexical mode')
    })

    it('count, for Prometheus by default and as JSON when asked', async () => {
      await tenant.client.post('/v1/retrieve', { query: 'count me' })
      const prometheus = await api.anonymous.get('/metrics')
      expect(prometheus.headers.get('content-type')).to.match(/^text\/plain/)
      for (const name of [
        'http_requests_total',
        'http_request_duration_seconds_bucket',
        'database_connections_active',
        'retrieval_operations_total',
        'queue_jobs{status="queued"}',
      ])
        // prettier-ignore
        expect(prometheus.text).to.contain(name)
      const scraper = await api.anonymous.get('/metrics', { headers: { accept: 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1' } }) // prettier-ignore
      expect(scraper.headers.get('content-type')).to.match(/^text\/plain/)
      const { body } = await api.anonymous.get('/metrics', { headers: { accept: 'application/json' } })
      expect(body.service).to.include({ environment: 'test' })
      expect(body.config).to.deep.equal({
        llm_provider: 'none',
        llm_model: null,
        embedding_provider: 'none',
        embedding_model: null,
        embedding_dim: null,
      })
      expect(Object.values(body.stats.retrievals as Record<string, { count: number }>)[0]?.count).to.be.at.least(1)
      expect(body.stats.database.pool_size).to.equal(5)
      expect(body.stats.database.avg_query_time_ms).to.be.greaterThan(0)
    })
  })
})
