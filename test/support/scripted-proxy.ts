import { createServer, type IncomingMessage, request as forward, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What becomes of one request: handed on; handed on and its answer thrown away with the connection; never answered; or
 * answered here, with these words or, as Qdrant tells an error, with the request's own.
 */
export type Fate =
  | 'pass'
  | 'lose-answer'
  | 'hang'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | { readonly status: number; readonly repeats: true }

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
}

export interface ScriptedProxy {
  readonly url: string
  /** Every request since the start, oldest first. */
  readonly seen: readonly SeenRequest[]
  /** Decides on each request; everything passes until it is set. */
  script: (request: SeenRequest) => Fate
  stop(): Promise<void>
}

/** An HTTP server in front of another one, for the faults that a network has. */
export async function scriptedProxy(target: string): Promise<ScriptedProxy> {
  const seen: SeenRequest[] = []
  const server = createServer((incoming, outgoing) => {
    const request = { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers }
    seen.push(request)
    const fate = proxy.script(request)
    if (fate === 'hang') return
    if (typeof fate === 'object' && 'repeats' in fate) void repeat(incoming, outgoing, fate.status)
    else if (typeof fate === 'object') {
      incoming.resume()
      outgoing.writeHead(fate.status, fate.headers).end(fate.body ?? '')
    } else pass(target, incoming, outgoing, fate === 'lose-answer')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const proxy: ScriptedProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    script: () => 'pass',
    stop: async () => {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
  return proxy
}

async function repeat(incoming: IncomingMessage, outgoing: ServerResponse, status: number): Promise<void> {
  const error = `${JSON.stringify(incoming.headers)} ${(await incoming.toArray()).join('')}`
  outgoing.writeHead(status).end(JSON.stringify({ status: { error } }))
}

function pass(target: string, incoming: IncomingMessage, outgoing: ServerResponse, loseAnswer: boolean): void {
  const { host: _, connection: __, ...headers } = incoming.headers
  const upstream = forward(new URL(incoming.url ?? '/', target), { method: incoming.method, headers }, answer => {
    if (loseAnswer) answer.resume().on('end', () => outgoing.destroy())
    else answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers))
  })
  upstream.on('error', () => outgoing.destroy())
  incoming.pipe(upstream)
}
