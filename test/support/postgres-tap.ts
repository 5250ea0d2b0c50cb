import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What clients have sent to a Postgres. */
export interface PostgresTap {
  /** Address of the server by way of the tap. */
  readonly url: string
  readonly connections: number
  /** Messages that the client waits for an answer to. */
  readonly roundTrips: number
  readonly statements: number
  /** Statements that may change something, in order; those inside DO and functions are their caller's. */
  readonly writes: string[]
  /** Statements by text, with how often each came; only while `counting`. */
  readonly texts: Map<string, number>
  counting: boolean
  close(): Promise<void>
}

const writing =
  /^\s*(insert|update|delete|create|alter|drop|grant|revoke|truncate|comment|reassign|do|copy|lock|with\b[^;]*\b(insert|update|delete))\b/i

/** Stands between clients and a Postgres without TLS and reads what the clients say. */
export async function postgresTap(target: string): Promise<PostgresTap> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const server = createServer(incoming => {
    tap.connections++
    const outgoing = connect(Number(port), hostname)
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket.setNoDelay(true))
      socket.on('error', () => socket.destroy())
      socket.once('close', () => sockets.delete(socket))
    }
    incoming.once('close', () => outgoing.destroy())
    outgoing.once('close', () => incoming.destroy())
    incoming.on('data', messageReader(tap))
    incoming.pipe(outgoing).pipe(incoming)
  })
  const tap = {
    url: '',
    connections: 0,
    roundTrips: 0,
    statements: 0,
    writes: [] as string[],
    texts: new Map<string, number>(),
    counting: false,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = new URL(target)
  url.port = String((server.address() as AddressInfo).port)
  tap.url = url.href
  return tap
}

type Counts = { -readonly [K in keyof PostgresTap]: PostgresTap[K] }

/**
 * Frontend messages: a type byte, a length that counts itself, a body. The first ones, before the login, have no type.
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
function messageReader(counts: Counts): (data: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  let started = false
  return data => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data])
    for (;;) {
      const head = started ? 1 : 0
      if (rest.length < head + 4) return
      const end = head + rest.readInt32BE(head)
      if (rest.length < end) return
      if (started) read(counts, String.fromCharCode(rest[0] ?? 0), rest.subarray(5, end))
      // An SSLRequest is 8 bytes long; the startup message comes after its refusal.
      else if (end > 8) started = true
      rest = rest.subarray(end)
    }
  }
}

function read(counts: Counts, type: string, body: Buffer): void {
  // Query and Sync are what the server answers to.
  if (type === 'Q' || type === 'S') counts.roundTrips++
  if (type === 'Q') statement(counts, text(body, 0))
  if (type === 'P') statement(counts, text(body, body.indexOf(0) + 1))
}

function statement(counts: Counts, sql: string): void {
  counts.statements++
  if (writing.test(sql)) counts.writes.push(sql)
  if (counts.counting) counts.texts.set(sql, (counts.texts.get(sql) ?? 0) + 1)
}

function text(body: Buffer, start: number): string {
  return body.toString('utf8', start, body.indexOf(0, start))
}
