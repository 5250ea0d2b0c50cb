import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { parseOperatorConfig } from '../../operator/config.ts'
import { type KubernetesObject } from '../../operator/runtime/kubernetes-object.ts'
import { renderChart } from '../support/helm.ts'
import { kustomization } from '../support/kustomize.ts'
import { orSkip } from '../support/missing-part.ts'
import { toolPath } from '../support/tool.ts'

type Manifest = KubernetesObject & Readonly<Record<string, unknown>>

/** The kustomizations in config/ and the chart are two ways to install the same. */
describe('config/, by kustomize', () => {
  before(async function () {
    this.timeout(900_000)
    await orSkip(this, toolPath('helm'))
    await orSkip(this, kustomization('config/crd'))
  })

  const kustomized = async (...folders: string[]) =>
    byName((await Promise.all(folders.map(folder => kustomization(`config/${folder}`)))).flat())

  it('installs the objects that the chart does', async () => {
    const { 'Namespace/selfrag-system': namespace, ...objects } = await kustomized(
      'crd',
      'admission',
      'manager',
      'monitoring',
    )
    const values = ['serviceMonitor', 'prometheusRule', 'dashboard'].map(name => `metrics.${name}.enabled=true`)
    expect(objects).to.deep.equal(byName(await renderChart({ values })))
    // The chart leaves the namespace to Helm.
    expect(namespace?.metadata.labels).to.include({ 'pod-security.kubernetes.io/enforce': 'restricted' })
  })

  it('runs the same stores', async () => {
    const { 'Secret/selfrag-stores': secret, ...stores } = await kustomized('stores')
    const rendered = byName(
      await renderChart({ values: ['stores.enabled=true', 'stores.existingSecret=selfrag-stores'] }),
    )
    const wanted = Object.fromEntries(
      Object.entries(rendered).filter(([name]) => /-(postgres|qdrant|redis)$/.test(name)),
    )
    expect(stores).to.deep.equal(wanted)
    const [made] = (await renderChart({ values: ['stores.enabled=true'] })).filter(({ kind }) => kind === 'Secret')
    expect(Object.keys(secret?.['data'] as object)).to.have.members(
      Object.keys((made as Manifest)['stringData'] as object),
    )
  })

  it('gives rights in one namespace only, where that is wanted', async () => {
    const [all, some] = [await kustomized('manager'), await kustomized('namespaced')]
    const { 'ClusterRoleBinding/selfrag-operator': everywhere, ...rest } = all
    expect(everywhere).not.to.equal(undefined)
    expect(Object.keys(some)).to.have.members([...Object.keys(rest), 'RoleBinding/selfrag-operator'])
    expect(some['RoleBinding/selfrag-operator']?.metadata.namespace).to.equal('team-a')
    const deployment = some['Deployment/selfrag-operator'] as unknown as { spec: { template: { spec: { containers: { env: { name: string; value?: string }[] }[] } } } } // prettier-ignore
    const env = Object.fromEntries(deployment.spec.template.spec.containers[0]!.env.map(({ name, value }) => [name, value])) // prettier-ignore
    expect(parseOperatorConfig(env)).to.have.nested.property('config.WATCH_NAMESPACES').that.deep.equals(['team-a'])
  })

  it('syncs in waves with Argo CD: CRDs, operator, stores, pipeline, tenants', async () => {
    const objects = Object.entries(await kustomized('argocd/platform'))
    const wave = (object: Manifest | undefined) =>
      Number(object?.metadata.annotations?.['argocd.argoproj.io/sync-wave'])
    expect(objects.filter(([, object]) => Number.isNaN(wave(object)))).to.deep.equal([])
    const kinds = ['CustomResourceDefinition', 'Deployment', 'StatefulSet', 'RagPipeline', 'RagTenant']
    const waves = kinds.map(kind => [...new Set(objects.filter(([, object]) => object.kind === kind).map(([, object]) => wave(object)))]) // prettier-ignore
    expect(waves).to.deep.equal([[-3], [-2], [-1], [0], [1]])
  })
})

/** By `Kind/name`, without what only Helm writes and what only comments are. */
function byName(objects: readonly KubernetesObject[]): Record<string, Manifest> {
  return Object.fromEntries(objects.map(object => [`${object.kind}/${object.metadata.name}`, comparable(object)]))
}

function comparable(object: KubernetesObject): Manifest {
  const { labels = {}, annotations = {}, ...metadata } = structuredClone(object.metadata)
  const marks = ['helm.sh/chart', 'app.kubernetes.io/managed-by', 'app.kubernetes.io/version', 'app.kubernetes.io/instance', 'app.kubernetes.io/part-of'] // prettier-ignore
  const without = (map: object, names: readonly string[]) => Object.fromEntries(Object.entries(map).filter(([name]) => !names.includes(name))) // prettier-ignore
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: without(labels, marks),
      annotations: without(annotations, ['helm.sh/resource-policy']),
    },
  }
}
