import { type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { Informer } from '../../../operator/runtime/informer.ts'
import { KubernetesClient } from '../../../operator/runtime/kubernetes-client.ts'
import { type KubernetesObject, type ResourceType } from '../../../operator/runtime/kubernetes-object.ts'
import { type Transport } from '../../../operator/runtime/kubernetes-transport.ts'
import { eventually } from '../../support/eventually.ts'
import { ManualTimers } from '../../support/manual-timers.ts'

const widgets: ResourceType = { apiVersion: 'example.org/v1', kind: 'Widget', plural: 'widgets', namespaced: true, optional: true } // prettier-ignore
const RETRY_MS = 30_000

/** An API server that serves widgets or does not; the real one is asked by the envtests. */
class Server {
  status = 404
  requests: string[] = []
  #watch: Readable | undefined

  transport: Transport = request => {
    const isWatch = request.path.includes('watch=true')
    this.requests.push(isWatch ? 'watch' : 'list')
    if (this.status !== 200) return Promise.resolve(answer(this.status, text('{"reason":"x","message":"x"}')))
    const items = [{ metadata: { name: 'a', namespace: 'ns', resourceVersion: '1' } }]
    const body = isWatch ? new Readable({ read: () => undefined }) : text(JSON.stringify({ metadata: { resourceVersion: '1' }, items })) // prettier-ignore
    if (isWatch) {
      this.#watch = body
      request.signal?.addEventListener('abort', () => body.destroy())
    }
    return Promise.resolve(answer(200, body))
  }

  /** As when the CRD is deleted: watches end, and nothing is served any more. */
  uninstall(status = 404): void {
    this.status = status
    this.#watch?.push(null)
  }
}

function text(body: string): Readable {
  return Readable.from([Buffer.from(body)])
}

function answer(statusCode: number, body: Readable): IncomingMessage {
  return Object.assign(body, { statusCode }) as unknown as IncomingMessage
}

describe('an informer of a kind that may be missing', () => {
  let server: Server
  let timers: ManualTimers
  let informer: Informer<KubernetesObject>
  let stop: AbortController
  let running: Promise<void>
  let warnings: object[]
  /** `+a`, `-a`; `?`: whether the kind is served has changed. */
  let told: string[]

  beforeEach(() => {
    server = new Server()
    timers = new ManualTimers()
    stop = new AbortController()
    warnings = []
    told = []
    informer = new Informer({
      client: new KubernetesClient(server.transport),
      type: widgets,
      namespaces: [],
      timers,
      random: () => 0,
      log: { debug: () => undefined, warn: fields => warnings.push(fields) },
    })
    informer.onChange(now => told.push(now ? '+a' : '-a'))
    informer.onAvailability(() => told.push('?'))
  })

  afterEach(async () => {
    stop.abort()
    await running
  })

  const follow = async () => {
    running = informer.run(stop.signal)
    await informer.synced
  }
  const settles = (absence: string | null) => eventually(() => expect(informer.absence('ns')).to.equal(absence))

  it('has synced without it, says so, and looks again after a while, without a warning', async () => {
    await follow()
    expect([informer.absence('ns'), informer.list(), told]).to.deep.equal(['NotInstalled', [], ['?']])
    server.requests = []
    timers.advance(RETRY_MS - 1)
    expect(server.requests).to.deep.equal([])
    timers.advance(1)
    await eventually(() => expect(server.requests).to.deep.equal(['list']))
    expect(informer.silentFor).to.equal(0)
    expect(told, 'nothing has changed').to.deep.equal(['?'])
    expect(warnings).to.deep.equal([])
  })

  it('follows it once it is installed', async () => {
    await follow()
    server.status = 200
    timers.advance(RETRY_MS)
    await settles(null)
    expect(told).to.deep.equal(['?', '+a', '?'])
    await eventually(() => expect(server.requests.at(-1)).to.equal('watch'))
  })

  it('forgets its objects when it is removed, and lists it anew when it is back', async () => {
    server.status = 200
    await follow()
    await eventually(() => expect(server.requests).to.deep.equal(['list', 'watch']))
    server.uninstall()
    // A watch that ended at once is not begun again at once.
    timers.advance(1000)
    await settles('NotInstalled')
    expect(told).to.deep.equal(['+a', '-a', '?'])
    server.status = 200
    timers.advance(RETRY_MS)
    await settles(null)
    expect(told).to.deep.equal(['+a', '-a', '?', '+a', '?'])
    expect(warnings).to.deep.equal([])
  })

  it('tells a right that is missing from a kind that is', async () => {
    server.status = 403
    await follow()
    expect(informer.absence('ns')).to.equal('Forbidden')
  })
})
