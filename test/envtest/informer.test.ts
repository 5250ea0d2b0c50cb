import { CoreV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { after, afterEach, before, describe, it } from 'mocha'
import { Informer } from '../../operator/runtime/informer.ts'
import { KubernetesClient } from '../../operator/runtime/kubernetes-client.ts'
import { type KubernetesObject, type ResourceType } from '../../operator/runtime/kubernetes-object.ts'
import { kubeTransport, type Transport } from '../../operator/runtime/kubernetes-transport.ts'
import { systemTimers } from '../../operator/runtime/timers.ts'
import { makeNamespace } from '../support/cluster-objects.ts'
import { eventually } from '../support/eventually.ts'
import { startKubeApiServer, type TestApiServer } from '../support/kube-apiserver.ts'
import { orSkip } from '../support/missing-part.ts'

interface ConfigMap extends KubernetesObject {
  readonly data?: Record<string, string>
}
const configMaps: ResourceType = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true }

describe('informer', function () {
  this.timeout(60_000)
  let server: TestApiServer
  let core: CoreV1Api
  let namespace: string
  let stop: AbortController
  let running: Promise<void>
  /** `+a`, `~a`, `-a`: what the handlers were told. */
  let told: string[]
  let warnings: { err?: Error }[]
  let notes: string[]

  before(async function () {
    this.timeout(900_000)
    server = await orSkip(this, startKubeApiServer())
    core = server.kubeConfig().makeApiClient(CoreV1Api)
  })

  after(async () => {
    await server?.kill()
  })

  async function follow(options: { transport?: Transport; silenceMs?: number } = {}): Promise<Informer<ConfigMap>> {
    namespace = await makeNamespace(server.kubeConfig(), 'informer')
    stop = new AbortController()
    told = []
    warnings = []
    notes = []
    const informer = new Informer<ConfigMap>({
      client: new KubernetesClient(options.transport ?? kubeTransport(server.kubeConfig(), 'informer-test')),
      type: configMaps,
      namespaces: [namespace],
      timers: systemTimers,
      random: Math.random,
      log: { debug: (_, note) => notes.push(note), warn: fields => warnings.push(fields) },
      backoff: { baseMs: 50, maxMs: 400 },
      ...(options.silenceMs ? { silenceMs: options.silenceMs } : {}),
    })
    informer.onChange((now, before) => {
      told.push(`${now ? (before ? '~' : '+') : '-'}${(now ?? before)?.metadata.name}`)
    })
    running = informer.run(stop.signal)
    await informer.synced
    return informer
  }

  afterEach(async () => {
    stop.abort()
    await running
  })

  const create = (name: string, value = '1') =>
    core.createNamespacedConfigMap({ namespace, body: { metadata: { name }, data: { value } } })
  const change = async (name: string, value: string) => {
    const body = await core.readNamespacedConfigMap({ namespace, name })
    await core.replaceNamespacedConfigMap({ namespace, name, body: { ...body, data: { value } } })
  }
  const remove = (name: string) => core.deleteNamespacedConfigMap({ namespace, name })
  const names = (informer: Informer<ConfigMap>) => informer.list().map(({ metadata }) => metadata.name).sort() // prettier-ignore

  it('lists, then follows what is made, changed and deleted', async () => {
    const informer = await follow()
    await create('a')
    await create('b')
    await change('a', '2')
    await remove('b')
    await eventually(() => expect(told).to.deep.equal(['+a', '+b', '~a', '-b']))
    expect(informer.get({ namespace, name: 'a' })?.data).to.deep.equal({ value: '2' })
    expect(informer.get({ namespace, name: 'a' })?.kind).to.equal('ConfigMap')
  })

  it('keeps only metadata when asked to', async () => {
    namespace = await makeNamespace(server.kubeConfig(), 'informer')
    stop = new AbortController()
    await create('listed')
    const informer = new Informer<ConfigMap>({
      client: new KubernetesClient(kubeTransport(server.kubeConfig(), 'informer-test')),
      type: configMaps,
      namespaces: [namespace],
      metadataOnly: true,
      timers: systemTimers,
      random: Math.random,
      log: { debug: () => undefined, warn: () => undefined },
    })
    running = informer.run(stop.signal)
    await informer.synced
    await create('watched')
    await eventually(() => expect(names(informer)).to.deep.equal(['listed', 'watched']))
    for (const item of informer.list()) expect(item).not.to.have.property('data')
  })

  it('goes on after the API server was killed and started again, and misses nothing', async () => {
    const informer = await follow()
    await create('before')
    await eventually(() => expect(names(informer)).to.deep.equal(['before']))
    await server.kill()
    await eventually(() => expect(warnings).not.to.have.length(0))
    expect(names(informer), 'what was known stays').to.deep.equal(['before'])
    await server.restart()
    await create('after')
    await remove('before')
    await eventually(() => expect(names(informer)).to.deep.equal(['after']), 30_000)
    expect(told).to.deep.equal(['+before', '+after', '-before'])
  })

  it('lists again when the history it would go on from is gone (410)', async () => {
    const transport = kubeTransport(server.kubeConfig(), 'informer-test')
    const requests: string[] = []
    let blocked = false
    const informer = await follow({
      transport: async request => {
        if (blocked) throw new Error('the network is down')
        const response = await transport(request)
        requests.push(`${request.path.includes('watch=true') ? 'watch' : 'list'} ${response.statusCode}`)
        return response
      },
    })
    await create('kept')
    await create('dropped')
    await eventually(() => expect(names(informer)).to.deep.equal(['dropped', 'kept']))
    blocked = true
    await server.kill()
    await server.restart()
    await remove('dropped')
    await create('new')
    await server.compact()
    // Its cache of recent events goes with the process, so that it has to ask etcd, which has forgotten.
    await server.kill()
    await server.restart()
    requests.length = 0
    blocked = false
    await eventually(() => expect(names(informer)).to.deep.equal(['kept', 'new']), 30_000)
    expect(told).to.deep.equal(['+kept', '+dropped', '-dropped', '+new'])
    await eventually(() => expect(requests.slice(-2)).to.deep.equal(['list 200', 'watch 200']))
    expect(notes).to.deep.equal(['the watched version is too old: listing again'])
  })

  it('goes on when the connection breaks in the middle of a watch, without listing again', async () => {
    const transport = kubeTransport(server.kubeConfig(), 'informer-test')
    const watches: { destroy(): void }[] = []
    let lists = 0
    const informer = await follow({
      transport: async request => {
        const response = await transport(request)
        if (request.path.includes('watch=true')) watches.push(response.socket)
        else lists++
        return response
      },
    })
    await create('a')
    await eventually(() => expect(names(informer)).to.deep.equal(['a']))
    watches.at(-1)?.destroy()
    await create('b')
    await eventually(() => expect(names(informer)).to.deep.equal(['a', 'b']))
    expect(told).to.deep.equal(['+a', '+b'])
    expect(lists).to.equal(1)
    expect(watches).to.have.length(2)
  })

  it('leaves a connection on which nothing comes any more', async () => {
    const transport = kubeTransport(server.kubeConfig(), 'informer-test')
    let watches = 0
    const informer = await follow({
      silenceMs: 300,
      transport: async request => {
        if (request.path.includes('watch=true')) watches++
        return transport(request)
      },
    })
    await eventually(() => expect(watches).to.be.greaterThan(2))
    expect(warnings[0]?.err?.name).to.equal('SilentConnection')
    await create('seen')
    await eventually(() => expect(names(informer)).to.deep.equal(['seen']))
  })

  it('ends when it is told to', async () => {
    await follow()
    stop.abort()
    await running
    expect(warnings).to.deep.equal([])
  })
})
