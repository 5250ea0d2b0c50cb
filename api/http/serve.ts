import { once } from 'node:events'
import { type RequestListener, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RunningServer {
  readonly port: number
  /** Accepts nothing more, lets requests in flight end for at most `graceMs`, then cuts them off. */
  stop(graceMs: number): Promise<void>
}

/** @throws the error of `listen`, such as EADDRINUSE */
export async function serve(app: RequestListener, address: { host: string; port: number }): Promise<RunningServer> {
  const server = createServer(app)
  let stopping = false
  // Before the application: a kept-alive connection would otherwise stay open after its last answer.
  server.prependListener('request', (_request, response) => {
    if (stopping) response.setHeader('Connection', 'close')
  })
  server.listen(address.port, address.host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop(graceMs) {
      if (stopping) return
      stopping = true
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      // Connections that were busy when the server closed become idle one by one.
      const sweep = setInterval(() => server.closeIdleConnections(), 100)
      const cut = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearInterval(sweep)
      clearTimeout(cut)
    },
  }
}
