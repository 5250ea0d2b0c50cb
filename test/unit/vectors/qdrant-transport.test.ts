import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { QdrantTransport } from '../../../api/stores/vectors/qdrant/transport.ts'

describe('stores/vectors/qdrant/transport', () => {
  const seen: IncomingHttpHeaders[] = []
  let server: Server
  before(async () => {
    server = createServer((request, response) => {
      seen.push(request.headers)
      request.resume().on('end', () => response.end('{"result": true}'))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  after(() => server.close())

  it('sends the headers of the moment with every request, beside its own', async () => {
    let trace = 'a'
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const transport = new QdrantTransport({ url, apiKey: 'k', headers: () => ({ traceparent: trace }) })
    await transport.request('GET', '/collections')
    trace = 'b'
    await transport.request('POST', '/collections/kb/points/query', { limit: 1 })
    transport.close()
    expect(seen.map(({ traceparent }) => traceparent)).to.deep.equal(['a', 'b'])
    expect(seen.map(headers => headers['api-key'])).to.deep.equal(['k', 'k'])
    expect(seen[1]).to.include({ 'content-type': 'application/json', 'content-length': '11' })
  })
})
