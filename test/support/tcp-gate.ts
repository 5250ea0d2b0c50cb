import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net'
import { onTeardown } from './teardown.ts'

/** A way to a server that a test can cut, so that the server looks as if it were down, and open again. */
export interface TcpGate {
  /** The server's URL by way of the gate. */
  readonly url: string
  open(): Promise<void>
  /** Ends every connection and takes no more. */
  close(): Promise<void>
}

export async function tcpGate(target: string): Promise<TcpGate> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let server: Server | null = null
  let ownPort = 0
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }
  const open = async () => {
    if (server) return
    const opened = createServer(incoming => {
      const outgoing = connect(Number(port), hostname)
      for (const socket of [incoming, outgoing]) track(socket)
      incoming.once('close', () => outgoing.destroy())
      outgoing.once('close', () => incoming.destroy())
      incoming.pipe(outgoing)
      outgoing.pipe(incoming)
    })
    await new Promise<void>(resolve => opened.listen(ownPort, '127.0.0.1', resolve))
    ownPort = (opened.address() as AddressInfo).port
    server = opened
  }
  const close = async () => {
    const opened = server
    server = null
    const closed = new Promise<unknown>(resolve => (opened ? opened.close(resolve) : resolve(null)))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await open()
  onTeardown(close)
  const url = new URL(target)
  url.hostname = '127.0.0.1'
  url.port = String(ownPort)
  return { url: url.href, open, close }
}
