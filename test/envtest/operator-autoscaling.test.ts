import { AppsV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type RunningOperator } from '../../operator/operator.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { type LiveDeployment } from '../../operator/plan/deployment-findings.ts'
import { Informer } from '../../operator/runtime/informer.ts'
import { systemTimers } from '../../operator/runtime/timers.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { OperatorWorld, present } from '../support/operator-world.ts'
import { moreReconciles } from '../support/reconcile-counts.ts'

describe('the number of API pods', function () {
  this.timeout(60_000)
  let world: OperatorWorld
  let operator: RunningOperator
  const stop = new AbortController()
  /** Every number that the Deployment's spec has had. */
  const seen: (number | undefined)[] = []

  before(async function () {
    this.timeout(900_000)
    world = await orSkip(this, OperatorWorld.make())
    operator = await world.start({ env: { RESYNC_SECONDS: '1' } })
    void record(stop.signal)
    await world.applySamples()
    await world.becomesReady()
  })

  after(async () => {
    stop.abort()
    await world?.dispose()
  })

  async function record(signal: AbortSignal): Promise<void> {
    const log = { debug: () => undefined, warn: () => undefined }
    const { client, namespace } = world
    const informer = new Informer<LiveDeployment>({ client, type: types.deployments, namespaces: [namespace], timers: systemTimers, random: Math.random, log }) // prettier-ignore
    informer.onChange(now => {
      if (now?.metadata.name === 'demo-api' && seen.at(-1) !== now.spec.replicas) seen.push(now.spec.replicas)
    })
    await informer.run(signal)
  }

  const patchApi = async (api: object) => {
    await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { api } })
    await world.becomesReady()
  }
  const replicas = async () => {
    const live = await world.client.get<LiveDeployment>(types.deployments, { namespace: world.namespace, name: 'demo-api' }) // prettier-ignore
    return present(live, 'demo-api').spec.replicas
  }
  const autoscaler = () =>
    world.client.get(types.horizontalPodAutoscalers, { namespace: world.namespace, name: 'demo-api' })
  /** As the autoscaler does, and `kubectl scale`. */
  const scale = async (number: number) => {
    const api = world.server.kubeConfig().makeApiClient(AppsV1Api)
    const body = [{ op: 'replace', path: '/spec/replicas', value: number }]
    await api.patchNamespacedDeploymentScale({ namespace: world.namespace, name: 'demo-api', body, fieldManager: 'kube-controller-manager' }) // prettier-ignore
  }

  it('is one to begin with, and then as somebody scales it', async () => {
    expect(await replicas()).to.equal(1)
    await scale(2)
    await moreReconciles(operator, 2)
    expect(await replicas()).to.equal(2)
    expect((await world.pipeline()).status).not.to.have.property('drift')
  })

  it('is what the spec says, when it says something, and is put back when somebody changes it', async () => {
    await patchApi({ replicas: 4 })
    expect(await replicas()).to.equal(4)
    await scale(9)
    await eventually(async () => expect(await replicas()).to.equal(4))
  })

  it('stays as it is when autoscaling is switched on', async () => {
    seen.splice(0, Infinity, 4)
    await patchApi({ autoscaling: { minReplicas: 2, maxReplicas: 6 } })
    await eventually(async () => expect(await autoscaler()).not.to.equal(null))
    expect(await replicas()).to.equal(4)
  })

  it("is the autoscaler's from then on, also when the pods roll", async () => {
    await scale(5)
    await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, {
      spec: { retrieval: { topK: 7 } },
    })
    await world.becomesReady()
    await moreReconciles(operator, 2)
    expect(await replicas()).to.equal(5)
  })

  it('costs no write while nothing changes', async () => {
    const before = await world.clusterWrites()
    await moreReconciles(operator, 3)
    expect(await world.clusterWrites()).to.deep.equal(before)
  })

  it('stays as it is when autoscaling is switched off, and the autoscaler goes', async () => {
    await patchApi({ autoscaling: null, replicas: null })
    await eventually(async () => expect(await autoscaler()).to.equal(null))
    await moreReconciles(operator, 2)
    expect(await replicas()).to.equal(5)
  })

  it('has never jumped in between', () => {
    expect(seen).to.deep.equal([4, 5])
  })

  it("is the spec's again when it says something", async () => {
    await patchApi({ replicas: 3 })
    expect(await replicas()).to.equal(3)
  })
})
