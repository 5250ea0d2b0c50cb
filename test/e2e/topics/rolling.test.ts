import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type V1Deployment, type V1Pod } from '@kubernetes/client-node'
import { eventually } from '../../support/eventually.ts'
import { type ClientPod, clientPod } from '../support/client-pod.ts'
import { covers } from '../support/coverage.ts'
import { changeDemo, type Demo, demo, otherApiImage } from '../support/demo.ts'
import { kubectl, list, read } from '../support/kubectl.ts'
import { startLoad } from '../support/load.ts'
import { sendSlowly } from '../support/slow-request.ts'

/** Each change under steady load against the Service: nothing is tried again, so one reset connection is a failure. */
describe('a rolling change', () => {
  let sample: Demo
  let client: ClientPod
  before(async function () {
    this.timeout(400_000)
    sample = await demo()
    client = await clientPod()
  })

  it('of the configuration loses no request', async function () {
    this.timeout(180_000)
    await underLoad(async () => {
      const before = await generation()
      await changeDemo({ logLevel: 'warn' })
      await rolledOut(before)
    })
    covers('rolling-config')
  })

  it('of the image loses no request', async function () {
    this.timeout(180_000)
    const next = await otherApiImage()
    await underLoad(async () => {
      const before = await generation()
      await changeDemo({ image: next })
      await rolledOut(before)
    })
    const pods = await apiPods()
    expect(pods.map(({ spec }) => spec!.containers[0]!.image)).to.deep.equal([next, next])
    covers('rolling-image')
  })

  it('of the number of pods loses no request', async function () {
    this.timeout(180_000)
    await underLoad(async () => {
      await changeDemo({ api: { replicas: 3 } })
      await podsBecome(3)
      await changeDemo({ api: { replicas: 1 } })
      await podsBecome(1)
      await changeDemo({ api: { replicas: 2 } })
      await podsBecome(2)
    })
    covers('rolling-scale')
  })

  it('that takes pods away loses no request, and answers those in flight', async function () {
    this.timeout(180_000)
    await underLoad(async () => {
      for (const { metadata } of await apiPods()) {
        // Half of a request is there when the pod is told to go, the other half comes when it is about to end.
        const slow = Array.from({ length: 4 }, () => client.run(sendSlowly, { ...search(), seconds: 10 }))
        await kubectl(['delete', 'pod', metadata!.name!, '--namespace', sample.namespace])
        expect(await Promise.all(slow)).to.deep.equal([200, 200, 200, 200])
        await podsBecome(2)
      }
    })
    covers('rolling-kill')
  })

  async function underLoad(work: () => Promise<void>): Promise<void> {
    const load = await startLoad(client, { ...search(), connections: 8, perSecond: 20 })
    await work().catch(async (error: unknown) => {
      console.log(JSON.stringify(await load.end()))
      throw error
    })
    const report = await load.end()
    console.log(`      ${report.answered} answered, ${report.failures.length} failed; ${report.p50} ms p50, ${report.p99} ms p99, ${report.longest} ms longest`) // prettier-ignore
    expect(report.failures).to.deep.equal([])
    expect(report.answered).to.be.above(100)
  }

  function search() {
    return { url: `${sample.url}/v1/retrieve`, key: sample.readerKey, body: { query: 'holiday', retriever: 'bm25' } }
  }

  async function generation(): Promise<number> {
    return (await read<V1Deployment>('deployment', 'demo-api', sample.namespace)).metadata!.generation!
  }

  /** The Deployment has changed, its new pods are ready, and the old ones are gone. */
  async function rolledOut(before: number): Promise<void> {
    await eventually(async () => expect(await generation()).to.be.above(before), 30_000, 500)
    for (const component of ['api', 'worker'])
      await kubectl(['rollout', 'status', `deployment/demo-${component}`, '--namespace', sample.namespace, '--timeout=120s']) // prettier-ignore
    await podsBecome(2)
  }

  async function apiPods(): Promise<V1Pod[]> {
    return list<V1Pod>('pods', sample.namespace, 'app.kubernetes.io/component=api,app.kubernetes.io/instance=demo')
  }

  /** So many, all of them ready, and none that is still ending. */
  async function podsBecome(count: number): Promise<void> {
    const ready = (pod: V1Pod) => !pod.metadata!.deletionTimestamp && pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') // prettier-ignore
    await eventually(
      async () => {
        const pods = await apiPods()
        expect([pods.length, pods.filter(ready).length]).to.deep.equal([count, count])
      },
      120_000,
      500,
    )
  }
})
