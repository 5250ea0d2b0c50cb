import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../../support/api.ts'
import type { Json } from '../../support/api-client.ts'
import { eventually } from '../../support/eventually.ts'
import { orSkip } from '../../support/missing-part.ts'
import { type SeparateQdrant, separateQdrant } from '../../support/qdrant.ts'
import { type TcpGate, tcpGate } from '../../support/tcp-gate.ts'

describe('when a store is down', () => {
  let api: TestApi
  let tenant: TestTenant
  let kb: string
  let vectors: SeparateQdrant
  let database: TcpGate
  const lines: Json[] = []

  before(async function () {
    this.timeout(120_000)
    vectors = await orSkip(this, separateQdrant())
    api = await orSkip(
      this,
      startApi({
        environment: { QDRANT_URL: vectors.url },
        onLog: line => lines.push(line),
        databaseAt: async url => {
          database = await tcpGate(url)
          return database.url
        },
      }),
    )
    tenant = await api.tenant()
    kb = await tenant.knowledgeBase()
    const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${kb}/documents`, { content: 'The kraken sleeps.' })) // prettier-ignore
    await untilReady(tenant.client, document_id)
  })
  after(() => database?.open())

  const ready = async () => {
    const { status, body } = await api.anonymous.get('/ready')
    return { status, database: body.checks.database.status, qdrant: body.checks.qdrant.status }
  }
  const question = { query: 'kraken' }
  const isUpstreamError = (answer: { status: number; body: Json; headers: Headers }, which: RegExp) => {
    expect([answer.status, answer.body.code]).to.deep.equal([503, 'UPSTREAM_ERROR'])
    expect(answer.body.detail).to.match(which)
    expect(answer.headers.get('retry-after')).to.equal('5')
  }

  it('Qdrant: searches get 503, everything else goes on, /ready says which, and it comes back without a restart', async function () {
    this.timeout(90_000)
    await vectors.stop()
    isUpstreamError(await tenant.client.post('/v1/retrieve', question), /vector store/)
    ok(await tenant.client.get('/v1/knowledge-bases'))
    expect(await ready()).to.deep.equal({ status: 503, database: 'ok', qdrant: 'error' })
    // What is handed in meanwhile is taken in, and indexed later.
    const taken = await tenant.client.post(`/v1/knowledge-bases/${kb}/documents`, { content: 'A second kraken wakes.' })
    expect(taken.status).to.equal(202)
    await vectors.start()
    await eventually(
      async () => expect(ok(await tenant.client.post('/v1/retrieve', question)).results).not.to.be.empty,
      20_000,
    )
    expect(await ready()).to.deep.equal({ status: 200, database: 'ok', qdrant: 'ok' })
    await eventually(async () => {
      expect(ok(await tenant.client.get(`/v1/documents/${taken.body.document_id}`)).status).to.equal('ready')
    }, 40_000)
  })

  it('Postgres: requests get 503, the process goes on, /ready says which, and it comes back without a restart', async function () {
    this.timeout(60_000)
    await database.close()
    // A key that is not remembered must be looked up.
    isUpstreamError(await api.as(`kb_sk_${'B'.repeat(43)}`).get('/v1/knowledge-bases'), /database/)
    isUpstreamError(await tenant.client.get('/v1/knowledge-bases'), /database/)
    isUpstreamError(await tenant.client.post(`/v1/knowledge-bases/${kb}/documents`, { content: 'x' }), /database/)
    isUpstreamError(await api.admin.get('/admin/tenants'), /database/)
    expect(await ready()).to.deep.equal({ status: 503, database: 'error', qdrant: 'ok' })
    expect(ok(await api.anonymous.get('/health'))).to.deep.equal({ status: 'ok' })
    expect((await api.anonymous.get('/metrics')).status).to.equal(200)
    await database.open()
    await eventually(async () => ok(await tenant.client.get('/v1/knowledge-bases')), 20_000)
    expect(await ready()).to.deep.equal({ status: 200, database: 'ok', qdrant: 'ok' })
    ok(await tenant.client.post('/v1/retrieve', question))
  })

  it('told each 503 once in the log, with what was wrong', () => {
    const failures = lines.filter(line => line.status === 503 && line.route?.startsWith('/v1/'))
    expect(failures.length).to.be.at.least(4)
    for (const line of failures) {
      expect(line).to.include({ level: 'ERROR', code: 'UPSTREAM_ERROR' })
      expect(line.err.message, JSON.stringify(line)).to.be.a('string')
    }
    expect(JSON.stringify(lines)).not.to.contain(tenant.key)
  })
})
