import { lookup } from 'node:dns/promises'
import { expect } from 'chai'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { after, before, describe, it } from 'mocha'
import { AllowedHosts } from '../../api/fetching/allowed-hosts.ts'
import { DocumentFetcher, type FetchSettings } from '../../api/fetching/fetch-document.ts'
import { rejection } from '../support/rejection.ts'

/** Names that only the scripted resolver knows: whoever asks another one, at whatever moment, finds nothing. */
const names: Record<string, readonly string[]> = {
  'files.test': ['127.0.0.1'],
  'inside.test': ['10.0.0.5'],
  'both.test': ['8.8.8.8', '10.0.0.5'],
  'nowhere.test': [],
}

describe('DocumentFetcher', () => {
  let server: Server
  let port: number
  const asked: string[] = []
  const never = new AbortController().signal

  const pages: Record<string, RequestListener> = {
    '/handbook.md': (_, response) =>
      response.setHeader('content-type', 'text/markdown; charset=utf-8').end('# Handbook'),
    '/moved': (_, response) => response.writeHead(302, { location: '/handbook.md' }).end('moved'),
    '/inside': (_, response) => response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
    '/spelled': (_, response) => response.writeHead(301, { location: `http://2130706433:${port}/handbook.md` }).end(),
    '/script': (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    '/loop': (_, response) => response.writeHead(302, { location: '/loop' }).end(),
    '/gzip': (_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('small')),
    '/bomb': (_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(1_000_000))),
    '/announced': (_, response) => response.setHeader('content-length', '5000').end(Buffer.alloc(5000)),
    '/long': (_, response) => {
      for (let i = 0; i < 50; i++) response.write(Buffer.alloc(100, 'a'))
      response.end()
    },
    '/endless': (_, response) => void response.write('begun'),
    '/silent': () => undefined,
    '/broken': (_, response) => {
      response.writeHead(200, { 'content-length': '500' }).write('half')
      setTimeout(() => response.destroy(), 20)
    },
    '/empty': (_, response) => response.end(),
    '/gone': (_, response) => response.writeHead(410).end('gone'),
  }

  before(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.headers.host} ${request.url}`)
      pages[request.url ?? '']?.(request, response)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  after(() => void server.close().closeAllConnections())

  const resolve = async (name: string) => {
    const addresses = names[name]
    if (!addresses) throw Object.assign(new Error(`queryA ENOTFOUND ${name}`), { code: 'ENOTFOUND' })
    return addresses.map(address => ({ address, family: 4 }))
  }
  const get = (url: string, settings: Partial<FetchSettings> = {}) =>
    new DocumentFetcher({ allowed: new AllowedHosts(['files.test']), maxBytes: 2000, timeoutMs: 2000, resolve, ...settings }).fetch(url, never) // prettier-ignore
  const page = (path: string, settings?: Partial<FetchSettings>) => get(`http://files.test:${port}${path}`, settings)

  it('gives the bytes, what they are said to be and a name, after a redirect too', async () => {
    for (const path of ['/handbook.md', '/moved']) {
      const { bytes, mediaType, filename } = await page(path)
      expect([bytes.toString(), mediaType, filename]).to.deep.equal(['# Handbook', 'text/markdown', 'handbook.md'])
    }
    expect((await page('/gzip')).bytes.toString()).to.equal('small')
  })

  it('asks for the host by its name, at the address that was checked', async () => {
    asked.length = 0
    let asks = 0
    // Another answer every time, as a name server that wants to get inside gives: the first one is what is connected to.
    const rebinding = async () => [{ address: asks++ === 0 ? '127.0.0.1' : '10.0.0.5', family: 4 }]
    await get(`http://rebinding.test:${port}/handbook.md`, { allowed: new AllowedHosts(['127.0.0.1']), resolve: rebinding }) // prettier-ignore
    expect([asks, asked]).to.deep.equal([1, [`rebinding.test:${port} /handbook.md`]])
  })

  it('checks every hop anew', async () => {
    const own = { allowed: new AllowedHosts(['files.test']) }
    await refused(page('/inside', own), 400, /169\.254\.169\.254 is or has no public address/)
    await refused(page('/spelled', own), 400, /127\.0\.0\.1 is or has no public address/)
    await refused(page('/script', own), 502, /redirects to a URL that must begin with http/)
    let asks = 0
    const rebinding = async () => [{ address: asks++ === 0 ? '127.0.0.1' : '10.0.0.5', family: 4 }]
    await refused(get(`http://r.test:${port}/moved`, { allowed: new AllowedHosts(['127.0.0.1']), resolve: rebinding }), 400, /no public address/) // prettier-ignore
  })

  it('refuses what is not public without asking it, in words that do not tell what a name means', async () => {
    asked.length = 0
    const none = { allowed: new AllowedHosts([]) }
    for (const host of ['127.0.0.1', '2130706433', '0177.0.0.1', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]', '[::7f00:1]'])
      await refused(get(`http://${host}:${port}/handbook.md`, none), 400, /no public address/)
    const told = await Promise.all(
      ['inside.test', 'both.test', 'nowhere.test', 'unknown.test'].map(async host => {
        const error = await refused(get(`http://${host}/`, none), 400, /no public address/)
        return error.message.replace(host, 'HOST')
      }),
    )
    expect(new Set(told).size).to.equal(1)
    expect(told[0]).to.contain('FETCH_ALLOWED_HOSTS')
    // The system's own resolver, which asks no server about such a name.
    const allNames = (name: string) => lookup(name, { all: true })
    await refused(get(`http://${'x'.repeat(63)}.${'y'.repeat(300)}/`, { ...none, resolve: allNames }), 400, /no public address/) // prettier-ignore
    expect(asked).to.deep.equal([])
  })

  it('stops at a length, announced or not, and after decompression', async () => {
    for (const path of ['/announced', '/long', '/bomb']) await refused(page(path), 400, /larger than/)
  })

  it('gives up in time, whatever the other side does', async () => {
    for (const path of ['/silent', '/endless'])
      await refused(page(path, { timeoutMs: 100 }), 502, /did not send the document within 0\.1 s/)
    const hanging = { timeoutMs: 100, resolve: () => new Promise<never>(() => undefined) }
    await refused(page('/handbook.md', hanging), 502, /within 0\.1 s/)
  })

  it('tells what the other side did wrong', async () => {
    await refused(page('/gone'), 502, /answered 410/)
    await refused(page('/loop'), 502, /redirects more than 5 times/)
    await refused(page('/broken'), 502, /ECONNRESET|broke off/)
    await refused(page('/empty'), 502, /empty document/)
    await refused(get('http://files.test:1/'), 502, /cannot be reached \(ECONNREFUSED\)/)
  })

  async function refused(work: Promise<unknown>, status: number, message: RegExp): Promise<Error> {
    const error = await rejection(work)
    expect(error).to.include({ code: 'FETCH_FAILED', status })
    expect(error.message).to.match(message)
    return error
  }
})
