import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly accept?: string
  readonly contentType?: string
  readonly body?: string
  /** Gives up when no byte came for so long. */
  readonly silenceMs: number
  readonly signal?: AbortSignal | undefined
}

/** Sends one request and resolves with the answer's head; the body is still to be read. */
export type Transport = (request: TransportRequest) => Promise<IncomingMessage>

/** A burst opens many connections; a handful of them is as fast afterwards, and each has buffers of its own. */
const KEEP_ALIVE = { keepAlive: true, maxFreeSockets: 8 }

/**
 * HTTP to the cluster of a kubeconfig. Authentication, certificates and proxies are the client library's; the requests
 * are our own, because the library's typed API renames fields (`from` → `_from`), turns dates into objects and drops
 * what its version does not know, so that an object could not be compared with what was applied.
 */
export function kubeTransport(config: KubeConfig, userAgent: string): Transport {
  const cluster = config.getCurrentCluster()
  if (!cluster) throw new Error('the kubeconfig has no current cluster: set KUBECONFIG, or run inside a cluster')
  const server = new URL(cluster.server)
  const base = server.pathname.replace(/\/$/, '')
  const secure = server.protocol === 'https:'
  const agent = secure ? new https.Agent(KEEP_ALIVE) : new http.Agent(KEEP_ALIVE)

  return async request => {
    request.signal?.throwIfAborted()
    // Each time, because tokens of service accounts are renewed on disk.
    const options: https.RequestOptions = {}
    await config.applyToHTTPSOptions(options)
    // The library's agent keeps no connection alive; it is only needed for its proxies.
    if (!cluster.proxyUrl) options.agent = agent
    const sent = (secure ? https : http).request({
      ...options,
      host: server.hostname,
      port: server.port || (secure ? 443 : 80),
      path: base + request.path,
      method: request.method,
      headers: { ...options.headers, ...headersOf(request, userAgent) },
      ...(request.signal ? { signal: request.signal } : {}),
    })
    return answer(sent, request)
  }
}

function headersOf(request: TransportRequest, userAgent: string): Record<string, string> {
  return {
    accept: request.accept ?? 'application/json',
    'user-agent': userAgent,
    ...(request.contentType ? { 'content-type': request.contentType } : {}),
    ...(request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) }),
  }
}

function answer(sent: ClientRequest, request: TransportRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined
    // Once there is an answer its reader must learn why it ends; the request would only tell `aborted`.
    sent.setTimeout(request.silenceMs, () => (response ?? sent).destroy(new SilentConnection(request)))
    sent.on('error', reject)
    sent.on('response', message => resolve((response = message)))
    sent.end(request.body)
  })
}

/** The server, or the network between, says nothing any more. */
export class SilentConnection extends Error {
  override readonly name = 'SilentConnection'
  constructor(request: TransportRequest) {
    super(`${request.method} ${request.path}: nothing came for ${request.silenceMs} ms`)
  }
}

/** The whole body as text. @throws when the connection breaks before its end */
export async function readBody(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of message) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
