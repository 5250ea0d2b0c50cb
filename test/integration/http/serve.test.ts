import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { expect } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { type RunningServer, serve } from '../../../api/http/serve.ts'
import { eventually } from '../../support/eventually.ts'

const AT_ONCE_MS = 1000

describe('a server that stops', () => {
  const agents: Agent[] = []
  let release = () => {}
  afterEach(() => agents.splice(0).forEach(agent => agent.destroy()))

  /** Answers /slow when `release` is called, everything else at once. */
  async function start(): Promise<{ server: RunningServer; arrived: () => number }> {
    let arrived = 0
    const gate = new Promise<void>(resolve => (release = resolve))
    const server = await serve(
      (request, response) => {
        arrived++
        void (request.url === '/slow' ? gate : Promise.resolve()).then(() => response.end('done'))
      },
      { host: '127.0.0.1', port: 0 },
    )
    return { server, arrived: () => arrived }
  }

  /** One client that keeps one connection. */
  function client(port: number) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    agents.push(agent)
    return async (
      path: string,
    ): Promise<{ status: number | undefined; connection: string | undefined; port: number }> => {
      const request = get({ host: '127.0.0.1', port, path, agent })
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      const local = response.socket.localPort!
      for await (const _ of response) continue
      return { status: response.statusCode, connection: response.headers.connection, port: local }
    }
  }

  it('answers what comes over a connection that was idle, and says that this was the last', async () => {
    const { server } = await start()
    const ask = client(server.port)
    const first = await ask('/')
    const stopped = server.stop({ lingerMs: 10_000, graceMs: 10_000 })
    const second = await ask('/')
    expect(second).to.deep.equal({ status: 200, connection: 'close', port: first.port })
    await within(AT_ONCE_MS, stopped)
  })

  it('answers a client that had not heard of it, as long as somebody else is there', async () => {
    const { server, arrived } = await start()
    const slow = client(server.port)('/slow')
    await eventually(() => expect(arrived()).to.equal(1))
    const stopped = server.stop({ lingerMs: 10_000, graceMs: 10_000 })
    expect(await client(server.port)('/')).to.include({ status: 200, connection: 'close' })
    release()
    expect(await slow).to.include({ status: 200, connection: 'close' })
    await within(AT_ONCE_MS, stopped)
  })

  it('lets a request in flight end that takes longer than it lingers', async () => {
    const { server, arrived } = await start()
    const slow = client(server.port)('/slow')
    await eventually(() => expect(arrived()).to.equal(1))
    const stopped = server.stop({ lingerMs: 50, graceMs: 10_000 })
    await eventually(async () => expect(await client(server.port)('/').catch(() => 'refused')).to.equal('refused'))
    release()
    expect(await slow).to.include({ status: 200, connection: 'close' })
    await within(AT_ONCE_MS, stopped)
  })

  it('closes idle connections at once when it is not to linger', async () => {
    const { server } = await start()
    await client(server.port)('/')
    await within(AT_ONCE_MS, server.stop({ graceMs: 10_000 }))
  })

  it('cuts off what takes longer than the grace', async () => {
    const { server, arrived } = await start()
    const slow = client(server.port)('/slow').catch((error: Error) => error.message)
    await eventually(() => expect(arrived()).to.equal(1))
    await within(AT_ONCE_MS, server.stop({ lingerMs: 10_000, graceMs: 100 }))
    expect(await slow).to.equal('socket hang up')
  })
})

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  const started = performance.now()
  await work
  expect(performance.now() - started).to.be.below(limitMs)
}
