import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { startTracing } from '../../../api/tracing/start-tracing.ts'
import { type TestApi, ok, startApi, untilReady } from '../../support/api.ts'
import type { Json } from '../../support/api-client.ts'
import { orSkip } from '../../support/missing-part.ts'
import { type ModelServer, startModelServer } from '../../support/model-server.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${TRACE}-b7ad6b7169203331-01`

describe('tracing', () => {
  let collector: Server
  let received: { path: string; type: string | undefined; body: Buffer }[]
  let lines: Json[]
  let api: TestApi
  let models: ModelServer

  before(async function () {
    this.timeout(60_000)
    received = []
    lines = []
    collector = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        received.push({ path: request.url ?? '', type: request.headers['content-type'], body: Buffer.concat(parts) })
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
      })
    })
    await new Promise<void>(resolve => collector.listen(0, '127.0.0.1', resolve))
    models = await startModelServer({ reply: () => 'They sleep. [1]' })
    const environment = { LLM_PROVIDER: 'openai', LLM_MODEL: 'writer', OPENAI_BASE_URL: models.openAiUrl }
    api = await orSkip(this, startApi({ environment, onLog: line => lines.push(line) }))
  })

  after(async () => {
    await models?.close()
    await new Promise(resolve => collector?.close(resolve))
  })

  it('sends what a request and its jobs did to the collector, in the trace of the caller, without a word of theirs', async function () {
    this.timeout(30_000)
    const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
    const configuration = { ...api.application.configuration, OTEL_EXPORTER_OTLP_ENDPOINT: url }
    const stop = await startTracing({ name: 'selfrag-under-test', version: '1.2.3' }, configuration)
    const tenant = await api.tenant()
    const kb = await tenant.knowledgeBase()
    const { document_id } = ok(await tenant.client.post(`/v1/knowledge-bases/${kb}/documents`, { content: 'Quokkas sleep.' })) // prettier-ignore
    await untilReady(tenant.client, document_id)
    ok(await tenant.client.post('/v1/retrieve', { query: 'sleeping quokkas' }, { headers: { traceparent } }))
    const state = { headers: { traceparent, tracestate: 'vendor=internal' } }
    ok(await tenant.client.post('/v1/rag', { query: 'sleeping quokkas' }, state))
    await stop()
    const { headers } = models.seen.at(-1)!
    expect(headers['traceparent']).to.match(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`))
    expect(headers['traceparent'], 'a span of its own').not.to.equal(traceparent)
    expect(headers['tracestate']).to.equal(undefined)
    ok(await tenant.client.post('/v1/rag', { query: 'sleeping quokkas' }, state))
    expect(models.seen.at(-1)!.headers['traceparent'], 'when nothing is traced').to.equal(undefined)
    expect(received.map(({ path, type }) => `${path} ${type}`)).to.include('/v1/traces application/x-protobuf')
    // Names stand in protobuf as they are.
    const sent = Buffer.concat(received.map(({ body }) => body))
    for (const name of [
      'selfrag-under-test',
      'POST /v1/retrieve',
      'retrieval',
      'search',
      'job ingest',
      'ingestion.parse',
      'ingestion.store',
      tenant.id,
    ])
      // prettier-ignore
      expect(sent.includes(name), name).to.equal(true)
    expect(sent.includes(Buffer.from(TRACE, 'hex'))).to.equal(true)
    for (const secret of ['uokka', tenant.key, 'select']) expect(sent.includes(secret), secret).to.equal(false)
    const [line] = lines.filter(({ route, trace_id }) => route === '/v1/retrieve' && trace_id === TRACE)
    expect(line?.status).to.equal(200)
  })

  it("logs the caller's trace also when nothing is sent", async () => {
    const before = received.length
    ok(await api.anonymous.get('/health', { headers: { traceparent: traceparent.replace('0af7', '1af7') } }))
    await api.anonymous.get('/health', { headers: { traceparent: 'a\tb' } })
    expect(lines.filter(({ trace_id }) => trace_id === TRACE.replace('0af7', '1af7'))).to.have.length(1)
    expect(received).to.have.length(before)
  })
})
