import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { type KubernetesObject, type ManagedFields } from '../../operator/runtime/kubernetes-object.ts'
import { argocdHealth } from '../support/argocd-health.ts'
import { objectsOf } from '../support/helm.ts'
import { Manifests } from '../support/manifests.ts'
import { orSkip } from '../support/missing-part.ts'
import { OperatorWorld } from '../support/operator-world.ts'
import { moreReconciles } from '../support/reconcile-counts.ts'
import { type RunningOperator } from '../../operator/operator.ts'
import { toolPath } from '../support/tool.ts'

const platform = join(import.meta.dirname, '../../config/argocd/platform')
/** As Argo CD calls itself when it applies on the server's side. */
const MANAGER = 'argocd-controller'

type Live = KubernetesObject & { readonly metadata: { readonly managedFields: readonly ManagedFields[] } }

/**
 * Argo CD's server-side diff is a dry run of its own apply, compared with the live object: what stays different makes the
 * Application OutOfSync for ever.
 */
describe('Argo CD and the operator', function () {
  this.timeout(60_000)
  let world: OperatorWorld
  let operator: RunningOperator
  let manifests: Manifests
  let declared: KubernetesObject[]

  before(async function () {
    this.timeout(900_000)
    world = await orSkip(this, OperatorWorld.make())
    await orSkip(this, toolPath('glua'))
    manifests = new Manifests(world.server.kubeConfig())
    operator = await world.start({ env: { RESYNC_SECONDS: '1' } })
    await world.createSecret()
    const files = ['pipeline/pipeline.yaml', 'tenants/tenant.yaml'].map(file => readFile(join(platform, file), 'utf8'))
    declared = (await Promise.all(files)).flatMap(objectsOf).map(object => inWorld(object))
    for (const object of declared) await manifests.apply(object, { fieldManager: MANAGER })
    await world.becomesReady()
    // What a repeated look would change shows as well.
    await moreReconciles(operator, 2)
  })

  after(async () => {
    await world?.dispose()
  })

  /** The sample, on this world's servers; as a person would change it. */
  function inWorld(object: KubernetesObject): KubernetesObject {
    const here = structuredClone(object) as KubernetesObject & { spec: Record<string, unknown> }
    ;(here.metadata as { namespace?: string }).namespace = world.namespace
    if (here.kind !== 'RagPipeline') return here
    here.spec['postgres'] = { urlSecretRef: { name: 'demo-postgres', key: 'url' } }
    here.spec['vectors'] = { engine: 'qdrant', url: world.qdrant.url, collectionPrefix: world.prefix }
    delete here.spec['redis']
    return here
  }

  for (const kind of ['RagPipeline', 'RagTenant']) {
    const find = () => declared.find(object => object.kind === kind)!

    it(`would change nothing of a reconciled ${kind}`, async () => {
      const live = (await manifests.get(find())) as unknown as Live
      const { object } = await manifests.apply(find(), { fieldManager: MANAGER, force: true, dryRun: true })
      expect(comparable(object as unknown as Live)).to.deep.equal(comparable(live))
      expect(live).to.have.property('status')
    })

    it(`owns the whole spec of a ${kind} alone`, async () => {
      const { metadata } = (await manifests.get(find())) as unknown as Live
      const ofSpec = metadata.managedFields.filter(({ fieldsV1 }) => 'f:spec' in (fieldsV1 ?? {}))
      expect(ofSpec.map(({ manager }) => manager)).to.deep.equal([MANAGER])
      const others = metadata.managedFields.filter(({ manager }) => manager !== MANAGER)
      const fields = others.flatMap(({ fieldsV1 }) => Object.keys(fieldsV1 ?? {}))
      expect(new Set(fields), 'finalizers and status are the operator\'s').to.deep.equal(new Set(['f:metadata', 'f:status'])) // prettier-ignore
    })

    it(`shows a reconciled ${kind} as healthy`, async () => {
      const live = await manifests.get(find())
      expect(await argocdHealth(live)).to.have.property('status', 'Healthy')
    })
  }

  it('notices a change that somebody makes by hand', async () => {
    const tenant = declared.find(({ kind }) => kind === 'RagTenant')!
    const edited = { ...tenant, spec: { ...(tenant as unknown as { spec: object }).spec, displayName: 'By hand' } }
    await manifests.apply(edited, { fieldManager: 'kubectl', force: true })
    const live = (await manifests.get(tenant)) as unknown as Live
    const { object } = await manifests.apply(tenant, { fieldManager: MANAGER, force: true, dryRun: true })
    expect(comparable(object as unknown as Live)).not.to.deep.equal(comparable(live))
  })
})

/** Left out, as in Argo CD: who owns what, and the version; the generation counts changes of the spec, which is compared itself. */
function comparable({ metadata, ...rest }: Live) {
  const { managedFields: _, resourceVersion: __, generation: ___, ...compared } = metadata as unknown as Record<string, unknown> // prettier-ignore
  return { ...rest, metadata: compared }
}
