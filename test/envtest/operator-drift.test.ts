import { EventsV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { before, after, describe, it } from 'mocha'
import { type RunningOperator } from '../../operator/operator.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { type KubernetesObject, type ResourceType } from '../../operator/runtime/kubernetes-object.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { conditionOf, OperatorWorld, present } from '../support/operator-world.ts'
import { moreReconciles } from '../support/reconcile-counts.ts'

/** What an administrator might do to an object of the pipeline, whatever kind it is. */
interface Meddling {
  readonly what: string
  readonly field: string
  readonly meddle: (world: OperatorWorld, type: ResourceType, object: KubernetesObject) => Promise<unknown>
  readonly isMended: (object: KubernetesObject | null, before: KubernetesObject) => boolean
}

type LabelledDeployment = KubernetesObject & { spec: { template: { metadata: { labels: object } } } }

const LABEL = 'app.kubernetes.io/part-of'
const meddlings: readonly Meddling[] = [
  {
    what: 'relabelled',
    field: `metadata.labels.${LABEL}`,
    meddle: (world, type, { metadata }) => world.client.mergePatch(type, metadata, { metadata: { labels: { [LABEL]: 'other' } } }), // prettier-ignore
    isMended: object => object?.metadata.labels?.[LABEL] === 'selfrag',
  },
  {
    what: 'orphaned',
    field: 'metadata.ownerReferences',
    meddle: (world, type, { metadata }) => world.client.mergePatch(type, metadata, { metadata: { ownerReferences: null } }), // prettier-ignore
    isMended: object => object?.metadata.ownerReferences?.[0]?.kind === 'RagPipeline',
  },
  {
    what: 'deleted',
    field: 'existence',
    meddle: (world, type, { metadata }) => world.client.delete(type, metadata),
    isMended: (object, before) => object !== null && object.metadata.uid !== before.metadata.uid,
  },
]

describe('drift of the objects of a pipeline', function () {
  this.timeout(120_000)
  let world: OperatorWorld
  let operator: RunningOperator

  before(async function () {
    this.timeout(900_000)
    world = await orSkip(this, OperatorWorld.make())
    operator = await world.start({ env: { RESYNC_SECONDS: '1' } })
    await world.applySamples()
    await world.becomesReady()
  })

  after(async () => {
    await world?.dispose()
  })

  /** All that the pipeline has, by the operator's own record; kinds that are added later are tested too. */
  const owned = async () =>
    (await world.pipeline()).status?.objects?.filter(({ hash }) => hash !== 'minted').map(({ kind, name }) => ({
      name: `${kind}/${name}`,
      type: present(Object.values(types).find(type => type.kind === kind) ?? null, kind),
      ref: { namespace: world.namespace, name },
    })) ?? [] // prettier-ignore
  const setDriftPolicy = async (driftPolicy: string) => {
    await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { driftPolicy } })
    await world.becomesReady()
    await moreReconciles(operator, 1)
  }
  /** With a new budget of Events, of which a resource may make 25 at a time. */
  const startAgain = async () => {
    await operator.stop()
    operator = await world.start({ env: { RESYNC_SECONDS: '1' } })
    await moreReconciles(operator, 1)
  }
  const told = async () => (await world.pipeline()).status?.drift ?? []
  const events = async (reason: string) => {
    const api = world.server.kubeConfig().makeApiClient(EventsV1Api)
    const { items } = await api.listNamespacedEvent({ namespace: world.namespace })
    return items.filter(event => event.reason === reason).map(({ note = '' }) => note)
  }
  const isWhole = () =>
    eventually(async () => {
      expect(await told()).to.deep.equal([])
      await world.becomesReady()
    })

  it('is recorded for every object that was made', async () => {
    const names = (await owned()).map(({ name }) => name)
    expect(names).to.include.members(['Deployment/demo-api', 'Deployment/demo-worker', 'Service/demo-api'])
    expect((await world.pipeline()).status?.objects).to.deep.include({ kind: 'Secret', name: 'demo-admin-token', hash: 'minted' }) // prettier-ignore
  })

  for (const { what, field, meddle, isMended } of meddlings) {
    it(`of every object that is ${what} is repaired under Enforce, and told in an Event`, async () => {
      await startAgain()
      for (const { name, type, ref } of await owned()) {
        const live = present(await world.client.get(type, ref), name)
        await meddle(world, type, live)
        await eventually(async () => expect(isMended(await world.client.get(type, ref), live), name).to.equal(true))
        await eventually(async () => {
          const notes = (await events('DriftRepaired')).filter(note => note.startsWith(`${name}:`))
          expect(notes.join(), name).to.contain(field)
        })
      }
      await isWhole()
    })

    it(`of every object that is ${what} is told and left alone under Warn, until Enforce`, async () => {
      await setDriftPolicy('Warn')
      const objects = await owned()
      const live = await Promise.all(objects.map(async ({ name, type, ref }) => present(await world.client.get(type, ref), name))) // prettier-ignore
      for (const [index, { type }] of objects.entries()) await meddle(world, type, present(live[index] ?? null, 'it'))
      await eventually(async () => {
        const drift = await told()
        for (const { name } of objects) expect(drift.map(({ object, field }) => [object, field])).to.deep.include([name, field]) // prettier-ignore
      })
      await moreReconciles(operator, 2)
      // Another wish of the pipeline is no reason to undo it either.
      await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { deletionPolicy: 'Retain', suspend: false } }) // prettier-ignore
      const writes = (await world.clusterWrites()).filter(write => !/events|status$/.test(write)).length
      await moreReconciles(operator, 3)
      for (const [index, { name, type, ref }] of objects.entries())
        expect(isMended(await world.client.get(type, ref), present(live[index] ?? null, name)), name).to.equal(false)
      expect((await world.clusterWrites()).filter(write => !/events|status$/.test(write)).length).to.equal(writes)
      expect(conditionOf(await world.pipeline(), 'Degraded')).to.include({ status: 'True', reason: 'DriftFound' })
      await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { driftPolicy: 'Enforce' } }) // prettier-ignore
      await eventually(async () => {
        for (const [index, { name, type, ref }] of objects.entries())
          expect(isMended(await world.client.get(type, ref), present(live[index] ?? null, name)), name).to.equal(true)
      })
      await isWhole()
    })

    it(`of every object that is ${what} is left alone without a word under Ignore`, async () => {
      await setDriftPolicy('Ignore')
      const objects = await owned()
      const notes = (await events('DriftFound')).length
      const live = await Promise.all(objects.map(async ({ name, type, ref }) => present(await world.client.get(type, ref), name))) // prettier-ignore
      for (const [index, { type }] of objects.entries()) await meddle(world, type, present(live[index] ?? null, 'it'))
      await moreReconciles(operator, 3)
      for (const [index, { name, type, ref }] of objects.entries())
        expect(isMended(await world.client.get(type, ref), present(live[index] ?? null, name)), name).to.equal(false)
      expect(await told()).to.deep.equal([])
      expect((await events('DriftFound')).length).to.equal(notes)
      await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { driftPolicy: 'Enforce' } }) // prettier-ignore
      await eventually(async () => {
        for (const [index, { name, type, ref }] of objects.entries())
          expect(isMended(await world.client.get(type, ref), present(live[index] ?? null, name)), name).to.equal(true)
      })
      await isWhole()
    })
  }

  it('of the admin token is repaired under Enforce with another token, and told under Warn', async () => {
    await startAgain()
    const secret = { namespace: world.namespace, name: 'demo-admin-token' }
    const token = (await world.secret('demo-admin-token'))?.['token']
    await world.client.delete(types.secrets, secret)
    await eventually(async () => expect((await world.secret('demo-admin-token'))?.['token']).to.be.a('string').and.not.equal(token)) // prettier-ignore
    await eventually(async () => expect((await events('DriftRepaired')).join()).to.contain('Secret/demo-admin-token'))
    await setDriftPolicy('Warn')
    await world.client.mergePatch(types.secrets, secret, { data: { token: null } })
    await eventually(async () => expect((await told()).map(({ object, field }) => [object, field])).to.deep.equal([['Secret/demo-admin-token', 'data.token']])) // prettier-ignore
    await setDriftPolicy('Enforce')
    await eventually(async () => expect((await world.secret('demo-admin-token'))?.['token']).to.be.a('string'))
    await isWhole()
  })

  it('that cannot be repaired in place is told with the way out', async () => {
    const ref = { namespace: world.namespace, name: 'demo-worker' }
    const live = present(await world.client.get<LabelledDeployment>(types.deployments, ref), 'demo-worker')
    const labels = { ...live.spec.template.metadata.labels, 'app.kubernetes.io/instance': 'other' }
    await operator.stop()
    await world.client.delete(types.deployments, ref)
    await eventually(async () => expect(await world.client.get(types.deployments, ref)).to.equal(null))
    const { annotations, ownerReferences } = live.metadata
    const template = { ...live.spec.template, metadata: { labels } }
    await world.create({ ...live, metadata: { name: ref.name, annotations, ownerReferences }, spec: { ...live.spec, selector: { matchLabels: labels }, template } }) // prettier-ignore
    operator = await world.start({ env: { RESYNC_SECONDS: '1' } })
    await eventually(async () => {
      const degraded = conditionOf(await world.pipeline(), 'Degraded')
      expect(degraded).to.include({ status: 'True', reason: 'Unrepairable' })
      expect(degraded?.message).to.contain(`kubectl -n ${world.namespace} delete deployment demo-worker`)
    })
    await world.client.delete(types.deployments, ref)
    await isWhole()
  })
})
