import { CoreV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { types } from '../../operator/observe/resource-types.ts'
import { KubernetesClient } from '../../operator/runtime/kubernetes-client.ts'
import { kubeTransport } from '../../operator/runtime/kubernetes-transport.ts'
import { chart, helm } from '../support/helm.ts'
import { startKubeApiServer, type TestApiServer } from '../support/kube-apiserver.ts'
import { orSkip } from '../support/missing-part.ts'
import { pipelineManifest } from '../support/sample-resources.ts'
import { toolPath } from '../support/tool.ts'

const NAMESPACE = 'selfrag-system'
const crds = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', plural: 'customresourcedefinitions', namespaced: false } // prettier-ignore
const statefulSets = { apiVersion: 'apps/v1', kind: 'StatefulSet', plural: 'statefulsets', namespaced: true }

/** The life of a release on an API server of its own; no controllers run, so there are no pods. One step builds on the other. */
describe('a release of the chart', function () {
  this.timeout(60_000)
  let server: TestApiServer
  let client: KubernetesClient
  let password: string

  before(async function () {
    this.timeout(900_000)
    server = await orSkip(this, startKubeApiServer())
    await orSkip(this, toolPath('helm'))
    client = new KubernetesClient(kubeTransport(server.kubeConfig(), 'test'))
  })

  const release = (command: 'install' | 'upgrade' | 'uninstall', ...args: string[]) =>
    helm(command, 'selfrag', ...(command === 'uninstall' ? [] : [chart]), '--namespace', NAMESPACE, '--kubeconfig', server.kubeConfigFile, ...args) // prettier-ignore
  const namesOf = async (type: Parameters<KubernetesClient['list']>[0]) =>
    (await client.list(type, { namespace: NAMESPACE })).items.map(({ metadata }) => metadata.name)
  const passwordNow = async () => {
    const secret = await server.kubeConfig().makeApiClient(CoreV1Api).readNamespacedSecret({ name: 'selfrag-stores', namespace: NAMESPACE }) // prettier-ignore
    return Buffer.from(secret.data!['postgres-url']!, 'base64').toString()
  }

  it('is installed with its CRDs, stores and notes that say how to go on', async () => {
    const notes = await release('install', '--create-namespace', '--set', 'stores.enabled=true')
    expect(notes).to.contain('kubectl -n selfrag-system rollout status deployment/selfrag-operator')
    expect(notes).to.contain('--set sample.enabled=true')
    expect(await namesOf(types.deployments)).to.deep.equal(['selfrag-operator'])
    expect(await namesOf(statefulSets)).to.have.members(['selfrag-postgres', 'selfrag-qdrant', 'selfrag-redis'])
    expect(await namesOf(crds)).to.have.members(['ragpipelines.selfrag.io', 'ragtenants.selfrag.io'])
    password = await passwordNow()
    expect(password).to.match(/^postgresql:\/\/selfrag:\w{32}@selfrag-postgres\.selfrag-system\.svc:5432\/selfrag$/)
  })

  it('keeps the passwords of its stores when it is upgraded, and can make the sample now', async () => {
    const notes = await release('upgrade', '--reuse-values', '--set', 'sample.enabled=true')
    expect(notes).to.contain('wait --for=condition=Ready ragpipeline/demo ragtenant/acme')
    expect(await passwordNow()).to.equal(password)
    expect(await namesOf(types.pipelines)).to.deep.equal(['demo'])
    expect(await namesOf(types.tenants)).to.deep.equal(['acme'])
  })

  it('upgrades the CRDs', async () => {
    const name = 'ragpipelines.selfrag.io'
    const columns = [{ name: 'Old', type: 'string', jsonPath: '.spec.image' }]
    const old = (await client.get(crds, { name })) as unknown as { metadata: object; spec: { versions: { additionalPrinterColumns: object[] }[] } } // prettier-ignore
    await client.replace(crds, { ...old, spec: { ...old.spec, versions: old.spec.versions.map(version => ({ ...version, additionalPrinterColumns: columns })) } } as never) // prettier-ignore
    await release('upgrade', '--reuse-values', '--set', 'logLevel=debug')
    const now = (await client.get(crds, { name })) as unknown as typeof old
    expect(now.spec.versions[0]?.additionalPrinterColumns.map(column => (column as { name: string }).name)).to.include('Ready') // prettier-ignore
  })

  it('leaves resources, CRDs and passwords when it is uninstalled, and nothing else', async () => {
    await client.create(types.pipelines, { ...pipelineManifest({}, 'mine'), metadata: { name: 'mine', namespace: NAMESPACE } } as never) // prettier-ignore
    await release('uninstall')
    expect(await namesOf(types.deployments)).to.deep.equal([])
    expect(await namesOf(statefulSets)).to.deep.equal([])
    expect(await namesOf(types.services)).to.deep.equal([])
    expect(await namesOf(types.serviceAccounts)).to.deep.equal([])
    expect(await namesOf(crds)).to.have.members(['ragpipelines.selfrag.io', 'ragtenants.selfrag.io'])
    expect(await namesOf(types.pipelines)).to.have.members(['demo', 'mine'])
    expect(await passwordNow()).to.equal(password)
  })

  it('takes over what it had left when it is installed again', async () => {
    await release('install', '--set', 'stores.enabled=true')
    expect(await passwordNow()).to.equal(password)
    expect(await namesOf(types.pipelines)).to.have.members(['demo', 'mine'])
  })
})
