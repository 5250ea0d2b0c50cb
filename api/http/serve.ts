import { once } from 'node:events'
import { type RequestListener, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export interface RunningServer {
  readonly port: number
  /** Ends in order; resolves when no connection is left. */
  stop(limits: StopLimits): Promise<void>
}

/** Milliseconds. */
export interface StopLimits {
  /**
   * For so long, while connections are open, everything is still answered, and the answer says that the connection ends
   * with it; then nothing new is accepted. Absent: what is idle is closed at once.
   */
  readonly lingerMs?: number
  /** After so long, lingering included, requests in flight are cut off. */
  readonly graceMs: number
}

/** How long an idle connection is kept; clients are told, and stop using it a little before. */
const KEEP_ALIVE_MS = 5000

/** Longer than Node keeps an idle connection: after so long whoever had one has been answered or has left it. */
export const KEEP_ALIVE_LINGER_MS = KEEP_ALIVE_MS + 2000

/** @throws the error of `listen`, such as EADDRINUSE */
export async function serve(app: RequestListener, address: { host: string; port: number }): Promise<RunningServer> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, app)
  let stopping = false
  const unanswered = new Set<ServerResponse>()
  // Before the application, which may answer at once.
  server.prependListener('request', (_request, response: ServerResponse) => {
    if (stopping) sayLast(response)
    unanswered.add(response)
    response.once('close', () => unanswered.delete(response))
  })
  server.listen(address.port, address.host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop({ lingerMs = 0, graceMs }) {
      if (stopping) return
      stopping = true
      unanswered.forEach(sayLast)
      const deadline = performance.now() + graceMs
      await withoutConnections(server, Math.min(lingerMs, graceMs))
      await close(server, Math.max(0, deadline - performance.now()))
    },
  }
}

/** The client is not to send another request over this connection: it would be lost when the connection is closed. */
function sayLast(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}

/** Resolves when no connection is open, or after `limitMs`. */
async function withoutConnections(server: Server, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs
  while (performance.now() < deadline && (await openConnections(server)) > 0) await delay(50)
}

function openConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )
}

async function close(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  // Connections that were busy when the server closed become idle one by one.
  const sweep = setInterval(() => server.closeIdleConnections(), 100)
  const cut = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearInterval(sweep)
  clearTimeout(cut)
}
