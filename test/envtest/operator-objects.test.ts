import { networkInterfaces } from 'node:os'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type RunningOperator } from '../../operator/operator.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { type KubernetesObject, type ResourceType } from '../../operator/runtime/kubernetes-object.ts'
import { eventually } from '../support/eventually.ts'
import { orSkip } from '../support/missing-part.ts'
import { conditionOf, OperatorWorld, present } from '../support/operator-world.ts'
import { moreReconciles } from '../support/reconcile-counts.ts'

const host = 'rag.example.org'
const from = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } }]

/** Fields that make objects, and the objects. Autoscaling and monitoring have tests of their own. */
const toggles: { field: string; on: object; off: object; objects: [type: ResourceType, name: string][] }[] = [
  {
    field: 'spec.ingress.enabled',
    on: { ingress: { enabled: true, host } },
    off: { ingress: { enabled: false } },
    objects: [[types.ingresses, 'demo-api']],
  },
  {
    field: 'spec.networkPolicy.enabled',
    on: { networkPolicy: { enabled: true, from } },
    off: { networkPolicy: null },
    objects: [
      [types.networkPolicies, 'demo-api'],
      [types.networkPolicies, 'demo-worker'],
      [types.networkPolicies, 'demo-migrate'],
    ],
  },
]

describe('the objects of a pipeline', function () {
  this.timeout(60_000)
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

  const get = (type: ResourceType, name: string) => world.client.get(type, { namespace: world.namespace, name })
  const patch = async (spec: object) => {
    await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec })
    await world.becomesReady()
  }
  const are = (objects: [ResourceType, string][], there: boolean) =>
    eventually(async () => {
      for (const [type, name] of objects)
        expect((await get(type, name)) !== null, `${type.kind}/${name}`).to.equal(there)
    })

  it('include a disruption budget for API and worker', async () => {
    await are([[types.podDisruptionBudgets, 'demo-api'], [types.podDisruptionBudgets, 'demo-worker']], true) // prettier-ignore
  })

  for (const { field, on, off, objects } of toggles) {
    describe(`that ${field} governs`, () => {
      it('appear when it is switched on, and are then left alone', async () => {
        await patch(on)
        await are(objects, true)
        await moreReconciles(operator, 2)
        const before = await world.clusterWrites()
        await moreReconciles(operator, 3)
        expect(await world.clusterWrites()).to.deep.equal(before)
      })

      it('come back when somebody deletes them', async () => {
        for (const [type, name] of objects) await world.client.delete(type, { namespace: world.namespace, name })
        await are(objects, true)
      })

      it('are put right when somebody changes them', async () => {
        for (const [type, name] of objects) {
          const labels = { 'app.kubernetes.io/part-of': 'changed' }
          await world.client.mergePatch(type, { namespace: world.namespace, name }, { metadata: { labels } })
          await eventually(async () => {
            expect((await get(type, name))?.metadata.labels).to.have.property('app.kubernetes.io/part-of', 'selfrag')
          })
        }
      })

      it('vanish when it is switched off, and nothing else does', async () => {
        await patch(off)
        await are(objects, false)
        await are([[types.services, 'demo-api'], [types.deployments, 'demo-api'], [types.podDisruptionBudgets, 'demo-api']], true) // prettier-ignore
      })
    })
  }

  it('say where the API is reached from outside, as long as it is', async () => {
    await patch({ ingress: { enabled: true, host, tls: {} } })
    const inside = `http://demo-api.${world.namespace}.svc:8020`
    expect((await world.pipeline()).status).to.include({ url: inside, externalUrl: `https://${host}` })
    expect(conditionOf(await world.pipeline(), 'Ready')?.message).to.equal(`serves at ${inside} and https://${host}`)
    await patch({ ingress: null })
    expect((await world.pipeline()).status)
      .to.include({ url: inside })
      .and.not.to.have.property('externalUrl')
  })

  it('let the pods reach the database whose address is in a Secret', async () => {
    const url = new URL(world.database.url)
    await patch({ networkPolicy: { enabled: true, deriveEgress: true } })
    const rules = async () =>
      present((await get(types.networkPolicies, 'demo-worker')) as unknown as NetworkPolicy, 'it').spec.egress
    // Qdrant and Postgres of the tests are on 127.0.0.1, which never leaves a pod.
    expect(JSON.stringify(await rules())).not.to.contain('127.0.0.1')
    const ip = ownAddress()
    const elsewhere = `postgresql://u:s3cret@${ip}:1${url.pathname}`
    const data = { url: Buffer.from(elsewhere).toString('base64') }
    const secret = { namespace: world.namespace, name: 'demo-postgres' }
    await world.client.mergePatch(types.secrets, secret, { data })
    const expected = { to: [{ ipBlock: { cidr: `${ip}/32` } }], ports: [{ protocol: 'TCP', port: 1 }] }
    await eventually(async () => expect(await rules()).to.deep.include(expected), 20_000)
    expect(JSON.stringify(await get(types.networkPolicies, 'demo-worker'))).not.to.contain('s3cret')
    await world.client.mergePatch(types.secrets, secret, { data: { url: Buffer.from(url.href).toString('base64') } })
    await world.becomesReady()
    await patch({ networkPolicy: null })
  })

  describe('that somebody else has made', () => {
    const manifest = (metadata: object = {}) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'demo-api', ...metadata },
      spec: { defaultBackend: { service: { name: 'theirs', port: { number: 80 } } } },
    })
    const remove = () => world.client.delete(types.ingresses, { namespace: world.namespace, name: 'demo-api' })

    it('are in the way and told of, and neither changed nor removed', async () => {
      const theirs = await world.create(manifest())
      await world.client.mergePatch(types.pipelines, (await world.pipeline()).metadata, { spec: { ingress: { enabled: true, host } } }) // prettier-ignore
      await eventually(async () => {
        const degraded = conditionOf(await world.pipeline(), 'Degraded')
        expect(degraded).to.include({ status: 'True', reason: 'Conflict' })
        expect(degraded?.message).to.contain(`Ingress ${world.namespace}/demo-api exists already`)
      })
      await patch({ ingress: null })
      await moreReconciles(operator, 2)
      expect((await get(types.ingresses, 'demo-api'))?.metadata.resourceVersion).to.equal(
        theirs.metadata.resourceVersion,
      )
      await remove()
    })

    it('stay although they bear the labels, when the pipeline does not control them', async () => {
      const service = present(await get(types.services, 'demo-api'), 'the Service')
      const [owner] = service.metadata.ownerReferences ?? []
      const theirs = await world.create(manifest({ labels: service.metadata.labels, ownerReferences: [{ ...owner, controller: false }] })) // prettier-ignore
      await moreReconciles(operator, 2)
      expect((await get(types.ingresses, 'demo-api'))?.metadata.uid).to.equal(theirs.metadata.uid)
      await remove()
    })
  })

  describe('that somebody has put back although the spec does not ask for them', () => {
    const putBack = async (): Promise<KubernetesObject> => {
      const service = present(await get(types.services, 'demo-api'), 'the Service')
      const { labels, ownerReferences } = service.metadata
      return world.create({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'demo-api', labels, ownerReferences },
        spec: { defaultBackend: { service: { name: 'demo-api', port: { number: 8020 } } } },
      })
    }
    const drift = async () => (await world.pipeline()).status?.drift?.map(({ object, field, wanted, found }) => ({ object, field, wanted, found })) ?? [] // prettier-ignore

    it('are told of under driftPolicy Warn', async () => {
      await patch({ driftPolicy: 'Warn' })
      await putBack()
      const expected = { object: 'Ingress/demo-api', field: 'existence', wanted: 'absent', found: 'present' }
      await eventually(async () => expect(await drift()).to.deep.include(expected))
      expect(await get(types.ingresses, 'demo-api')).not.to.equal(null)
    })

    it('are removed under Enforce, and the removal is told', async () => {
      await patch({ driftPolicy: 'Enforce' })
      await are([[types.ingresses, 'demo-api']], false)
      await eventually(async () => expect(await drift()).to.deep.equal([]))
      await putBack()
      await are([[types.ingresses, 'demo-api']], false)
    })
  })
})

/** Where a connection is refused at once and not tried for long. */
function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '192.0.2.1'
}

interface NetworkPolicy extends KubernetesObject {
  readonly spec: { readonly egress: readonly object[] }
}
