import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { after, before, beforeEach, describe, it } from 'mocha'
import { Webhook } from 'standardwebhooks'
import { type TestApi, type TestTenant, ok, startApi, untilReady } from '../../support/api.ts'
import type { Json } from '../../support/api-client.ts'
import { eventually } from '../../support/eventually.ts'
import { orSkip } from '../../support/missing-part.ts'

describe('webhooks', () => {
  let api: TestApi
  let tenant: TestTenant
  let receiver: Server
  let url: string
  let received: { headers: Record<string, string>; body: string }[]
  let statuses: number[]

  before(async function () {
    this.timeout(60_000)
    receiver = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        received.push({ headers: request.headers as Record<string, string>, body: Buffer.concat(parts).toString() })
        response.writeHead(statuses.shift() ?? 200, { location: 'http://127.0.0.1:1/' }).end('secret of the receiver')
      })
    })
    await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
    api = await orSkip(this, startApi({ environment: { FETCH_ALLOWED_HOSTS: '127.0.0.1' } }))
  })

  after(() => new Promise(resolve => receiver?.close(resolve)))

  beforeEach(async () => {
    received = []
    statuses = []
    tenant = await api.tenant()
  })

  const hook = async (more: Record<string, unknown> = {}): Promise<Json> =>
    ok(await tenant.client.post('/v1/webhooks', { url, events: ['document.ready'], ...more }))
  const deliveries = async (id: string): Promise<Json[]> => ok(await tenant.client.get(`/v1/webhooks/${id}/deliveries`)).items // prettier-ignore
  const types = () => received.map(({ body }) => JSON.parse(body).type as string).sort()
  const ingest = async () => {
    const kb = await tenant.knowledgeBase()
    const { document_id, job_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${kb}/documents`, { content: 'Hello.' })) // prettier-ignore
    await untilReady(tenant.client, document_id)
    return { kb, document_id, job_id }
  }

  it('tell of a document from its arrival to its end, once each, signed as the standard says', async function () {
    this.timeout(30_000)
    const { secret } = await hook({
      events: ['document.ready', 'document.deleted', 'job.succeeded', 'document.failed'],
    })
    const { kb, document_id, job_id } = await ingest()
    await eventually(() => expect(types()).to.deep.equal(['document.ready', 'job.succeeded']), 10_000)
    ok(await tenant.client.delete(`/v1/documents/${document_id}`))
    await eventually(() => expect(types()).to.deep.equal(['document.deleted', 'document.ready', 'job.succeeded', 'job.succeeded']), 10_000) // prettier-ignore
    const messages = received.map(({ headers, body }) => new Webhook(secret).verify(body, headers) as Json)
    const [ready] = messages.filter(({ type }) => type === 'document.ready')
    expect(ready.data).to.deep.equal({ job_id, kind: 'ingest', status: 'succeeded', knowledge_base_id: kb, document_id, error: null }) // prettier-ignore
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).to.have.property('size', 4)
  })

  it('are tried again, and the log of deliveries says what happened', async function () {
    this.timeout(30_000)
    const { id } = await hook()
    statuses = [500, 302]
    await ingest()
    const failed = await eventually(async () => {
      const [delivery] = await deliveries(id)
      expect(delivery).to.deep.include({ status: 'pending', attempts: 1, response_status: 500, error: 'the receiver answered 500' }) // prettier-ignore
      return delivery
    }, 10_000)
    const due = () => api.application.stores.database('selfrag.webhook_deliveries').where({ id: failed.id }).update({ next_attempt_at: new Date(0) }) // prettier-ignore
    await due()
    await eventually(async () => expect((await deliveries(id))[0]).to.deep.include({ attempts: 2, response_status: 302 }), 10_000) // prettier-ignore
    await due()
    await eventually(async () => expect((await deliveries(id))[0]).to.deep.include({ status: 'delivered', attempts: 3, error: null }), 10_000) // prettier-ignore
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).to.deep.equal(new Set([failed.id]))
    expect(JSON.stringify(await deliveries(id))).to.not.include('secret of the receiver')
  })

  it('are switched off by 410, and on again', async function () {
    this.timeout(30_000)
    const { id } = await hook()
    statuses = [410]
    ok(await tenant.client.post(`/v1/webhooks/${id}/test`))
    await eventually(async () => expect(ok(await tenant.client.get(`/v1/webhooks/${id}`))).to.deep.include({ enabled: false, disabled_reason: 'the receiver answered 410 Gone' }), 10_000) // prettier-ignore
    expect((await deliveries(id))[0]).to.deep.include({ status: 'dead', event: 'webhook.test' })
    await ingest()
    expect(await deliveries(id)).to.have.length(1)
    expect(ok(await tenant.client.patch(`/v1/webhooks/${id}`, { enabled: true }))).to.deep.include({ enabled: true, disabled_reason: null }) // prettier-ignore
  })

  it('do not reach what only the service can', async function () {
    this.timeout(30_000)
    for (const place of ['http://169.254.169.254/latest', 'http://10.0.0.1/', 'http://[::1]:9/']) {
      const { id } = await hook({ url: place })
      ok(await tenant.client.post(`/v1/webhooks/${id}/test`))
      await eventually(async () => expect((await deliveries(id))[0]!.error).to.match(/is or has no public address/), 10_000) // prettier-ignore
    }
    expect((await tenant.client.post('/v1/webhooks', { url: 'file:///etc/passwd', events: ['job.failed'] })).status).to.equal(400) // prettier-ignore
  })

  it('are for admins of the whole tenant, and show their secret once', async () => {
    const { id, secret } = await hook()
    expect(secret).to.match(/^whsec_/)
    expect(JSON.stringify([ok(await tenant.client.get(`/v1/webhooks/${id}`)), ok(await tenant.client.get('/v1/webhooks'))])).to.not.include(secret) // prettier-ignore
    const kb = await tenant.knowledgeBase()
    const limited = await tenant.withKey({ role: 'admin', scope_kb_ids: [kb] })
    const writer = await tenant.withKey({ role: 'write' })
    for (const { client } of [limited, writer]) expect((await client.get('/v1/webhooks')).status).to.equal(403)
    const stranger = await api.tenant()
    for (const path of [`/v1/webhooks/${id}`, `/v1/webhooks/${id}/deliveries`])
      expect((await stranger.client.get(path)).body.code).to.equal('WEBHOOK_NOT_FOUND')
    expect((await stranger.client.delete(`/v1/webhooks/${id}`)).status).to.equal(404)
    expect((await tenant.client.delete(`/v1/webhooks/${id}`)).status).to.equal(204)
    expect((await tenant.client.get(`/v1/webhooks/${id}`)).status).to.equal(404)
  })

  it('stand or fall with what they tell of', async () => {
    const { id } = await hook({ events: ['job.failed'] })
    const { database } = api.application.stores
    const { updateJob } = await import('../../../api/stores/postgres/jobs.ts')
    const job = { tenant_id: tenant.id, kb_id: tenant.id, kind: 'ingest', status: 'running' }
    const [row] = await database('selfrag.jobs').insert(job).returning('id')
    const end = { status: 'failed', error: { code: 'X', message: 'no', transient: false } } as const
    const undone = database.transaction(async sql => {
      await updateJob(sql, row.id, end)
      throw new Error('undone')
    })
    expect(await undone.catch((error: Error) => error.message)).to.equal('undone')
    expect(await deliveries(id)).to.deep.equal([])
    for (const _time of [1, 2]) await updateJob(database, row.id, end)
    const told = await deliveries(id)
    expect(told.map(({ event, payload }) => [event, payload.data.error])).to.deep.equal([['job.failed', { code: 'X', message: 'no' }]]) // prettier-ignore
  })
})
