import { CoreV1Api, EventsV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { before, beforeEach, describe, it } from 'mocha'
import { EventRecorder } from '../../operator/runtime/events.ts'
import { KubernetesClient } from '../../operator/runtime/kubernetes-client.ts'
import { type KubernetesObject } from '../../operator/runtime/kubernetes-object.ts'
import { kubeTransport } from '../../operator/runtime/kubernetes-transport.ts'
import { makeNamespace } from '../support/cluster-objects.ts'
import { kubeApiServer, type TestApiServer } from '../support/kube-apiserver.ts'
import { orSkip } from '../support/missing-part.ts'

describe('events', function () {
  this.timeout(30_000)
  let server: TestApiServer
  let namespace: string
  let object: KubernetesObject
  let now: Date
  let recorder: EventRecorder
  let problems: unknown[]

  before(async function () {
    this.timeout(900_000)
    server = await orSkip(this, kubeApiServer())
  })

  beforeEach(async () => {
    namespace = await makeNamespace(server.kubeConfig(), 'events')
    const core = server.kubeConfig().makeApiClient(CoreV1Api)
    const { metadata } = await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'thing' } } })
    object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'thing', namespace, uid: metadata?.uid ?? '' } }
    now = new Date()
    problems = []
    recorder = new EventRecorder({
      client: new KubernetesClient(kubeTransport(server.kubeConfig(), 'events-test')),
      controller: 'selfrag.io/operator',
      instance: 'pod-1',
      now: () => now,
      log: { debug: fields => problems.push(fields) },
    })
  })

  const written = async () => {
    await recorder.drain()
    expect(problems).to.deep.equal([])
    return (await server.kubeConfig().makeApiClient(EventsV1Api).listNamespacedEvent({ namespace })).items
  }
  const note = (text: string) => ({ type: 'Warning', reason: 'DriftFound', action: 'Reconcile', note: text }) as const
  const writesOfEvents = async () =>
    (await server.writes()).filter(write => write.namespace === namespace && write.resource === 'events')

  it('stands beside the object that it is about', async () => {
    recorder.record(object, note('index missing'))
    const [event, ...more] = await written()
    expect(more).to.deep.equal([])
    expect(event).to.include({ reason: 'DriftFound', note: 'index missing', type: 'Warning' })
    expect(event?.regarding).to.include({ kind: 'ConfigMap', name: 'thing', namespace })
    expect(event?.reportingController).to.equal('selfrag.io/operator')
  })

  it('counts what repeats in one Event, and tells the server of it at most once a minute', async () => {
    for (let second = 0; second < 100; second++) {
      recorder.record(object, note('again'))
      await recorder.drain()
      now = new Date(now.getTime() + 1000)
    }
    const [event, ...more] = await written()
    expect(more).to.deep.equal([])
    expect(event?.series?.count).to.be.within(60, 100)
    expect(await writesOfEvents()).to.have.length(3)
  })

  it('starts a new Event when the same comes back after a long time', async () => {
    recorder.record(object, note('again'))
    now = new Date(now.getTime() + 7 * 60_000)
    recorder.record(object, note('again'))
    expect(await written()).to.have.length(2)
  })

  it('does not flood when one object has something new to tell all the time', async () => {
    for (let index = 0; index < 100; index++) recorder.record(object, note(`difference ${index}`))
    expect(await written()).to.have.length(25)
  })

  it('never fails its caller', async () => {
    recorder.record({ ...object, metadata: { ...object.metadata, namespace: 'not-there' } }, note('lost'))
    await recorder.drain()
    expect(problems).to.have.length(1)
  })
})
