import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'

export interface CountingProxy {
  readonly url: string
  /** `PUT /collections/x`, in order; only what may change something. */
  readonly writes: string[]
  /** Requests of any kind. */
  readonly requests: number
  /** Seconds that requests have lasted, all added up. */
  readonly seconds: number
  /** While true nothing is forwarded: the server behind is away. */
  broken: boolean
  close(): Promise<void>
}

/** POST requests of Qdrant's API that only read. */
const reading = /\/points(\/(query|search|scroll|count|recommend|discover|facet)(\/\w+)?)?$|\/facet$/

/** Stands in front of a Qdrant and notes what would change it. */
export async function countingProxy(target: string): Promise<CountingProxy> {
  const writes: string[] = []
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    const reads = request.method === 'GET' || (request.method === 'POST' && reading.test(path))
    if (proxy.broken) return void request.socket.destroy()
    if (!reads) writes.push(`${request.method} ${path}`)
    const start = performance.now()
    proxy.requests++
    response.once('close', () => (proxy.seconds += (performance.now() - start) / 1000))
    forward(target, request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const proxy = {
    url: `http://127.0.0.1:${port}`,
    writes,
    requests: 0,
    seconds: 0,
    broken: false,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return proxy
}

function forward(target: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', target)
  const forwarded = send(url, { method: request.method, headers: { ...request.headers, host: url.host } }, answer => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  forwarded.on('error', () => response.destroy())
  request.pipe(forwarded)
}
