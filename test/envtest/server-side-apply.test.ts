import { AppsV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { KubernetesClient } from '../../operator/runtime/kubernetes-client.ts'
import { type KubernetesObject, type ResourceType } from '../../operator/runtime/kubernetes-object.ts'
import { kubeTransport } from '../../operator/runtime/kubernetes-transport.ts'
import { apply, decide } from '../../operator/runtime/server-side-apply.ts'
import { makeNamespace } from '../support/cluster-objects.ts'
import { kubeApiServer, type TestApiServer } from '../support/kube-apiserver.ts'
import { orSkip } from '../support/missing-part.ts'

const deployments: ResourceType = { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true }
const ANNOTATION = 'example.com/applied'
const options = { fieldManager: 'apply-test', annotation: ANNOTATION }

describe('server-side apply', function () {
  this.timeout(30_000)
  let server: TestApiServer
  let client: KubernetesClient
  let namespace: string
  let wanted: KubernetesObject

  before(async function () {
    this.timeout(900_000)
    server = await orSkip(this, kubeApiServer())
    client = new KubernetesClient(kubeTransport(server.kubeConfig(), 'apply-test'))
    namespace = await makeNamespace(server.kubeConfig(), 'apply')
    wanted = deployment({ image: 'api:1', env: [{ name: 'A', value: '1' }, { name: 'B', value: '2' }] }) // prettier-ignore
  })

  function deployment(container: object): KubernetesObject {
    const object = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'api', namespace, labels: { app: 'api' } },
      spec: {
        selector: { matchLabels: { app: 'api' } },
        template: {
          metadata: { labels: { app: 'api' } },
          spec: {
            automountServiceAccountToken: false,
            containers: [
              {
                name: 'api',
                ports: [{ name: 'http', containerPort: 8020 }],
                resources: { requests: { cpu: '1000m', memory: '1024Mi' }, limits: {} },
                readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
                ...container,
              },
            ],
          },
        },
      },
    }
    return object
  }

  const live = () => client.get(deployments, { namespace, name: 'api' })
  const change = async (patch: object) => {
    await client.mergePatch(deployments, { namespace, name: 'api' }, patch)
  }

  it('creates what is missing and then finds nothing to do, whatever the server filled in', async () => {
    expect(decide(wanted, await live(), ANNOTATION)).to.deep.equal({ action: 'create' })
    await apply(client, deployments, wanted, options)
    expect(decide(wanted, await live(), ANNOTATION)).to.deep.equal({ action: 'none' })
  })

  it('tells a change of ours from one of somebody else', async () => {
    const newer = deployment({ image: 'api:2', env: [{ name: 'A', value: '1' }, { name: 'B', value: '2' }] }) // prettier-ignore
    expect(decide(newer, await live(), ANNOTATION)).to.deep.equal({ action: 'update' })
    await client.mergePatch(deployments, { namespace, name: 'api' }, { metadata: { labels: { app: 'changed' } } })
    expect(decide(wanted, await live(), ANNOTATION)).to.deep.equal({
      action: 'repair',
      differences: [{ path: 'metadata.labels.app', wanted: 'api', found: 'changed' }],
    })
    await apply(client, deployments, wanted, options)
    expect(decide(wanted, await live(), ANNOTATION)).to.deep.equal({ action: 'none' })
  })

  it('leaves alone what others own: replicas of an autoscaler, a field that nobody here wants', async () => {
    await change({ spec: { replicas: 5 }, metadata: { annotations: { 'other.io/note': 'x' } } })
    expect(decide(wanted, await live(), ANNOTATION)).to.deep.equal({ action: 'none' })
    await apply(client, deployments, deployment({ image: 'api:3' }), options)
    const api = server.kubeConfig().makeApiClient(AppsV1Api)
    const { spec, metadata } = await api.readNamespacedDeployment({ namespace, name: 'api' })
    expect(spec?.replicas).to.equal(5)
    expect(metadata?.annotations?.['other.io/note']).to.equal('x')
  })

  it('gives up a field that is no longer wanted', async () => {
    const fewer = deployment({ image: 'api:3', env: [{ name: 'A', value: '1' }] })
    await apply(client, deployments, deployment({ image: 'api:3', env: [{ name: 'A', value: '1' }, { name: 'B', value: '2' }] }), options) // prettier-ignore
    expect(decide(fewer, await live(), ANNOTATION)).to.deep.equal({ action: 'update' })
    await apply(client, deployments, fewer, options)
    const api = server.kubeConfig().makeApiClient(AppsV1Api)
    const { spec } = await api.readNamespacedDeployment({ namespace, name: 'api' })
    expect(spec?.template.spec?.containers[0]?.env).to.deep.equal([{ name: 'A', value: '1' }])
  })
})
