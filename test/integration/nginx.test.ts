import { createServer, type IncomingMessage } from 'node:http'
import { request as secureRequest } from 'node:https'
import { request as plainRequest } from 'node:http'
import { type AddressInfo } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { startApi, type TestApi } from '../support/api.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { startNginx, type TestNginx } from '../support/nginx.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

describe('config/nginx', function () {
  this.timeout(60_000)
  let api: TestApi
  let nginx: TestNginx

  before(async function () {
    api = await startApi({ worker: false })
    nginx = await orSkip(this, startNginx(Number(new URL(api.url).port)))
    await eventually(async () => expect((await get('/health')).status).to.equal(200))
  })
  after(async () => {
    await nginx?.stop()
    await api?.stop()
  })

  const get = (path: string, options: Request = {}) => call({ port: nginx.https, path, ...options })

  it('is taken by nginx without a warning', () => {
    expect(nginx.check).to.contain('syntax is ok').and.not.to.contain('[warn]')
  })

  it('sends HTTP to HTTPS, path and query kept, and to the name of the certificate whatever was asked for', async () => {
    const answer = await call({ port: nginx.http, path: '/v1/x?y=1', plain: true })
    expect(answer.status).to.equal(301)
    expect(answer.headers.location).to.equal('https://api.test/v1/x?y=1')
    const other = await call({ port: nginx.http, path: '/', plain: true, host: 'evil.test' }).catch((error: Error) => error) // prettier-ignore
    expect(other).to.be.instanceOf(Error)
  })

  it('speaks TLS 1.2 and 1.3 and nothing older', async () => {
    const speaks = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string | null>(resolve => {
        // Old versions are refused by this side too, unless it lowers its security level.
        const socket = connectTls({ port: nginx.https, host: '127.0.0.1', servername: 'api.test', rejectUnauthorized: false, minVersion: version, maxVersion: version, ...(version === 'TLSv1.1' && { ciphers: 'DEFAULT@SECLEVEL=0' }) }) // prettier-ignore
        socket.once('secureConnect', () => (resolve(socket.getProtocol()), socket.destroy()))
        socket.once('error', () => resolve(null))
      })
    expect(await speaks('TLSv1.1')).to.equal(null)
    expect(await speaks('TLSv1.2')).to.equal('TLSv1.2')
    expect(await speaks('TLSv1.3')).to.equal('TLSv1.3')
  })

  it('adds each security header once, to errors too', async () => {
    for (const path of ['/health', '/no-such-path', '/v1/knowledge-bases']) {
      const { headers } = await get(path)
      expect(headers, path).to.include({
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'strict-origin-when-cross-origin',
      })
    }
  })

  it('lets bodies of 50 MiB through to the API and refuses larger ones in its words', async () => {
    const size = (mebibytes: number) => ({ method: 'POST', headers: { 'content-length': String(mebibytes * 2 ** 20), 'x-admin-token': 'no' } }) // prettier-ignore
    const large = await get('/admin/tenants', { ...size(51), abandon: true })
    expect(large.status).to.equal(413)
    expect(JSON.parse(large.body)).to.include({ code: 'VALIDATION_ERROR' })
    const allowed = await get('/admin/tenants', { ...size(2), body: Buffer.alloc(2 * 2 ** 20, 32) })
    expect(allowed.status).to.equal(401)
  })

  it('passes a request id on, and makes one where there is none or a bad one', async () => {
    const id = 'order-4711'
    expect((await get('/health', { headers: { 'x-request-id': id } })).headers['x-request-id']).to.equal(id)
    expect((await get('/health')).headers['x-request-id']).to.match(/^[0-9a-f]{32}$/)
    const bad = await get('/v1/models', { headers: { 'x-request-id': 'a b<script>' } })
    expect(bad.headers['x-request-id']).to.match(/^[0-9a-f]{32}$/)
    await eventually(async () => expect((await nginx.log()).join('\n')).to.contain(String(bad.headers['x-request-id'])))
  })

  it('logs JSON, without queries, and not the probe', async () => {
    await get('/health')
    await get('/docs?secret=word')
    const lines = await eventually(async () => {
      const all = (await nginx.log()).map(line => JSON.parse(line) as Record<string, unknown>)
      expect(all.map(({ path }) => path)).to.include('/docs')
      return all
    })
    expect(lines.map(({ path }) => path)).not.to.include('/health')
    expect(JSON.stringify(lines)).not.to.contain('secret')
  })

  it('lets ten requests a second of one address through and a burst of twenty, and tells the next to wait', async () => {
    const answers = await Promise.all(Array.from({ length: 45 }, () => get('/v1/knowledge-bases')))
    const count = (status: number) => answers.filter(answer => answer.status === status).length
    expect(count(401) + count(429)).to.equal(45)
    // A burst of twenty, less what the tests before have used of it, and what ten a second let in while they came.
    expect(count(401)).to.be.within(12, 38)
    const refused = answers.find(({ status }) => status === 429)!
    expect(JSON.parse(refused.body)).to.include({ code: 'RATE_LIMITED' })
    expect(refused.headers).to.include({ 'retry-after': '1', 'strict-transport-security': 'max-age=31536000; includeSubDomains' }) // prettier-ignore
    const rest = await Promise.all(Array.from({ length: 45 }, () => get('/health')))
    expect(new Set(rest.map(({ status }) => status))).to.deep.equal(new Set([200]))
  })

  it('opens /admin and /metrics to the addresses of the list only', async () => {
    expect((await get('/admin/tenants')).status, 'asked for the token by the API').to.equal(401)
    const closed = await startNginx(Number(new URL(api.url).port), { 'selfrag/admin-allow.conf': 'allow 10.0.0.0/8; deny all;' }) // prettier-ignore
    const ask = (path: string) => eventually(() => call({ port: closed.https, path }))
    for (const path of ['/admin/tenants', '/metrics']) {
      const refused = await ask(path)
      expect(refused.status, path).to.equal(403)
      expect(JSON.parse(refused.body)).to.include({ code: 'FORBIDDEN' })
    }
    expect((await ask('/health')).status).to.equal(200)
    await closed.stop()
  })
})

describe('config/nginx before a server that streams', function () {
  this.timeout(60_000)

  it('hands every event on when it is written', async function () {
    const written = Promise.withResolvers<void>()
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: one\n\n')
      // The second is not written before the first has arrived.
      void written.promise.then(() => response.end('data: two\n\n'))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const nginx = await orSkip(this, startNginx((server.address() as AddressInfo).port))
    try {
      const request = await eventually(async () => {
        const opened = secureRequest({ port: nginx.https, host: '127.0.0.1', path: '/v1/rag', method: 'POST', headers: { host: 'api.test' }, servername: 'api.test', rejectUnauthorized: false, agent: false }) // prettier-ignore
        const response = once(opened, 'response') as Promise<[IncomingMessage]>
        opened.end()
        return (await response)[0]
      })
      const [first] = (await once(request, 'data')) as [Buffer]
      expect(first.toString()).to.equal('data: one\n\n')
      written.resolve()
      const [second] = (await once(request, 'data')) as [Buffer]
      expect(second.toString()).to.equal('data: two\n\n')
    } finally {
      server.closeAllConnections()
      server.close()
      await nginx.stop()
    }
  })
})

interface Request {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** Sends no body although one was announced. */
  readonly abandon?: boolean
}

function call(options: Request & { port: number; path: string; plain?: boolean; host?: string }): Promise<Answer> {
  const { port, path, plain, host = 'api.test', method = 'GET', headers = {}, body, abandon } = options
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const request = (plain ? plainRequest : secureRequest)({ host: '127.0.0.1', port, path, method, headers: { host, ...headers }, servername: host, rejectUnauthorized: false, agent: false }, response => {
    let text = ''
    response.on('data', part => (text += String(part)))
    response.on('end', () => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
      request.destroy()
    })
  }) // prettier-ignore
  request.on('error', reject)
  if (abandon) request.flushHeaders()
  else request.end(body)
  return promise
}
