import { AuthorizationV1Api, type KubeConfig } from '@kubernetes/client-node'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { parseOperatorConfig } from '../../operator/config.ts'
import { types } from '../../operator/observe/resource-types.ts'
import { type KubernetesObject } from '../../operator/runtime/kubernetes-object.ts'
import { kubeTransport } from '../../operator/runtime/kubernetes-transport.ts'
import { makeNamespace } from '../support/cluster-objects.ts'
import { eventually } from '../support/eventually.ts'
import { renderChart } from '../support/helm.ts'
import { Manifests } from '../support/manifests.ts'
import { orSkip } from '../support/missing-part.ts'
import { OperatorWorld } from '../support/operator-world.ts'
import { asServiceAccount } from '../support/service-account.ts'
import { toolPath } from '../support/tool.ts'

const rbac = ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']

/**
 * The operator with no other rights than those that the chart gives it in a list of namespaces. (All other suites run it with the
 * cluster-wide ones, from the same table.)
 */
describe('the rights that the chart gives in namespaces', function () {
  this.timeout(60_000)
  let world: OperatorWorld
  let home: string
  let rendered: KubernetesObject[]
  let config: KubeConfig

  before(async function () {
    this.timeout(900_000)
    world = await orSkip(this, OperatorWorld.make())
    await orSkip(this, toolPath('helm'))
    home = await makeNamespace(world.server.kubeConfig(), 'operator-home')
    rendered = await renderChart({
      release: 'rights',
      namespace: home,
      values: [`watchNamespaces={${world.namespace}}`],
    })
    const manifests = new Manifests(world.server.kubeConfig())
    for (const object of rendered.filter(({ kind }) => rbac.includes(kind))) await manifests.apply(object)
    config = await asServiceAccount(world.server, home, 'rights-selfrag-operator')
  })

  after(async () => {
    await world?.dispose()
  })

  it('suffice to bring the samples to Ready, elected as leader', async () => {
    await world.start({ env: { ...environmentOf(rendered), POD_NAMESPACE: home, LEASE_NAMESPACE: home }, transport: () => kubeTransport(config, 'operator') }) // prettier-ignore
    await world.applySamples()
    await world.becomesReady(30_000)
    expect(world.logs.filter(line => line.includes('forbidden'))).to.deep.equal([])
  })

  it('suffice to remove them again', async () => {
    const [tenant, pipeline] = [await world.tenant(), await world.pipeline()]
    await world.client.delete(types.tenants, tenant.metadata)
    await world.client.delete(types.pipelines, pipeline.metadata)
    await eventually(async () => {
      const left = [await world.client.get(types.tenants, tenant.metadata), await world.client.get(types.pipelines, pipeline.metadata)] // prettier-ignore
      expect(left).to.deep.equal([null, null])
    }, 20_000)
    expect(world.logs.filter(line => line.includes('forbidden'))).to.deep.equal([])
  })

  for (const [verb, resource, namespace] of [
    ['get', 'secrets', 'kube-system'],
    ['list', 'secrets', ''],
    ['create', 'deployments', 'default'],
    ['list', 'namespaces', ''],
    ['delete', 'deployments', 'HERE'],
    ['create', 'roles', 'HERE'],
    ['create', 'pods', 'HERE'],
  ] as const)
    it(`do not let it ${verb} ${resource} ${namespace === '' ? 'everywhere' : `in ${namespace}`}`, async () => {
      const attributes = {
        verb,
        resource,
        group: { deployments: 'apps', roles: 'rbac.authorization.k8s.io' }[resource as string] ?? '',
        namespace: namespace === 'HERE' ? world.namespace : namespace,
      }
      const review = await config.makeApiClient(AuthorizationV1Api).createSelfSubjectAccessReview({
        body: { spec: { resourceAttributes: attributes } },
      })
      expect(review.status?.allowed).to.equal(false)
    })
})

/** What the rendered Deployment sets, as far as it has values of its own. */
function environmentOf(objects: readonly KubernetesObject[]): Record<string, string> {
  const deployment = objects.find(({ kind }) => kind === 'Deployment') as unknown as { spec: { template: { spec: { containers: { env: { name: string; value?: string }[] }[] } } } } // prettier-ignore
  const env = deployment.spec.template.spec.containers[0]!.env
  const valued = env.filter(({ value }) => value !== undefined && value !== '')
  const environment = Object.fromEntries(valued.map(({ name, value }) => [name, value ?? '']))
  expect(parseOperatorConfig(environment).ok).to.equal(true)
  return environment
}
