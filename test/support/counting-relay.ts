import { type AddressInfo, connect, createServer } from 'node:net'
import { onTeardown } from './teardown.ts'

/** What a client sends to a server, counted by the packets in which it comes: commands that travel together are one. */
export interface CountingRelay {
  readonly url: string
  packets: number
}

export async function countingRelay(target: string): Promise<CountingRelay> {
  const { hostname, port } = new URL(target)
  const relay = { url: '', packets: 0 }
  const server = createServer(incoming => {
    const outgoing = connect(Number(port), hostname)
    for (const socket of [incoming, outgoing]) socket.setNoDelay(true).on('error', () => socket.destroy())
    incoming.once('close', () => outgoing.destroy())
    outgoing.once('close', () => incoming.destroy())
    incoming.on('data', () => relay.packets++)
    incoming.pipe(outgoing).pipe(incoming)
    onTeardown(async () => void incoming.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTeardown(async () => void server.close())
  const url = new URL(target)
  url.port = String((server.address() as AddressInfo).port)
  relay.url = url.href
  return relay
}
