import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { type Registry } from 'prom-client'

export interface HealthOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly registry: Registry
  /** What is wrong, a line each; empty when all is well. A restart must be able to mend what `live` complains of. */
  readonly live: () => readonly string[]
  readonly ready: () => readonly string[]
}

export interface HealthServer {
  readonly port: number
  close(): Promise<void>
}

/** Serves /healthz, /readyz and /metrics. */
export async function serveHealth(options: HealthOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    void route(options, request.method ?? '', (request.url ?? '').split('?')[0] ?? '', response)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return { port: (server.address() as AddressInfo).port, close: () => close(server) }
}

async function route(options: HealthOptions, method: string, path: string, response: ServerResponse): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return answer(response, 405, 'only GET is answered\n')
  switch (path) {
    case '/healthz':
      return answerFaults(response, options.live())
    case '/readyz':
      return answerFaults(response, options.ready())
    case '/metrics':
      return answer(response, 200, await options.registry.metrics(), options.registry.contentType)
    default:
      return answer(response, 404, 'there are /healthz, /readyz and /metrics\n')
  }
}

function answerFaults(response: ServerResponse, faults: readonly string[]): void {
  if (faults.length === 0) answer(response, 200, 'ok\n')
  else answer(response, 503, faults.map(fault => `${fault}\n`).join(''))
}

function answer(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type }).end(body)
}

function close(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise(resolve => server.close(() => resolve()))
}
