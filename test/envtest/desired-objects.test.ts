import { CoreV1Api } from '@kubernetes/client-node'
import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { Deployment } from '../../operator/desired/deployment.ts'
import { desiredObjects } from '../../operator/desired/index.ts'
import { typeOf } from '../../operator/observe/resource-types.ts'
import { KubernetesClient } from '../../operator/runtime/kubernetes-client.ts'
import { kubeTransport } from '../../operator/runtime/kubernetes-transport.ts'
import { apply, decide } from '../../operator/runtime/server-side-apply.ts'
import { makeNamespace } from '../support/cluster-objects.ts'
import { kubeApiServer, type TestApiServer } from '../support/kube-apiserver.ts'
import { installMonitoringCrds, removeMonitoringCrds } from '../support/monitoring-crds.ts'
import { orSkip } from '../support/missing-part.ts'
import { maximalSpec, pipeline } from '../support/pipelines.ts'

const annotation = 'selfrag.io/applied'
const context = { image: 'selfrag-api:test', secretsChecksum: 'abc', addresses: [] }

describe('the desired objects on a real API server', () => {
  let server: TestApiServer
  let client: KubernetesClient
  let core: CoreV1Api

  before(async function () {
    this.timeout(900_000)
    server = await orSkip(this, kubeApiServer())
    client = new KubernetesClient(kubeTransport(server.kubeConfig(), 'desired-test'))
    core = server.kubeConfig().makeApiClient(CoreV1Api)
    await installMonitoringCrds(server.kubeConfig())
  })

  after(async () => {
    if (server) await removeMonitoringCrds(server.kubeConfig())
  })

  const specs: Record<string, Record<string, unknown>> = { smallest: {}, fullest: maximalSpec }
  for (const [what, spec] of Object.entries(specs)) {
    it(`of the ${what} pipeline are accepted, and are found as they were applied`, async () => {
      const wanted = desiredObjects(
        inNamespace(pipeline(spec), await makeNamespace(server.kubeConfig(), what)),
        context,
      )
      for (const object of wanted) {
        await apply(client, typeOf(object), object, { fieldManager: 'selfrag-operator', annotation })
        const live = await client.get(typeOf(object), object.metadata)
        expect(decide(object, live, annotation), object.kind).to.deep.equal({ action: 'none' })
      }
    })

    it(`of the ${what} pipeline hold no field that the API server does not know`, async () => {
      const namespace = await makeNamespace(server.kubeConfig(), `${what}-strict`)
      const wanted = desiredObjects(inNamespace(pipeline(spec), namespace), context)
      const transport = kubeTransport(server.kubeConfig(), 'desired-test')
      for (const object of wanted) {
        const type = typeOf(object)
        const root = type.apiVersion === 'v1' ? '/api/v1' : `/apis/${type.apiVersion}`
        const response = await transport({
          method: 'POST',
          path: `${root}/namespaces/${namespace}/${type.plural}?fieldValidation=Strict&dryRun=All`,
          contentType: 'application/json',
          body: JSON.stringify(object),
          silenceMs: 10_000,
        })
        const body = (await response.toArray()).join('')
        expect(response.statusCode, body).to.equal(201)
      }
    })

    it(`of the ${what} pipeline have pods that the restricted Pod Security Standard admits`, async () => {
      const namespace = await makeNamespace(server.kubeConfig(), `${what}-psa`)
      await enforceRestricted(namespace)
      const objects = desiredObjects(inNamespace(pipeline(spec), namespace), context)
      const deployments = objects.filter(({ kind }) => kind === 'Deployment') as Deployment[]
      expect(deployments).to.have.length(2)
      for (const { metadata, spec } of deployments) {
        const pod = {
          metadata: { name: metadata.name },
          spec: { ...spec.template.spec!, priorityClassName: undefined },
        }
        const body = JSON.parse(JSON.stringify(pod)) as object
        await core.createNamespacedPod({ namespace, body, dryRun: 'All' })
      }
    })
  }

  it('would not be admitted there if their containers could gain privileges', async () => {
    const namespace = await makeNamespace(server.kubeConfig(), 'psa')
    await enforceRestricted(namespace)
    const [deployment] = desiredObjects(inNamespace(pipeline(), namespace), context).filter(({ kind }) => kind === 'Deployment') as [Deployment] // prettier-ignore
    const pod = structuredClone(deployment.spec.template.spec!)
    pod.containers[0]!.securityContext!.allowPrivilegeEscalation = true
    const refused = await core
      .createNamespacedPod({ namespace, body: { metadata: { name: 'x' }, spec: pod }, dryRun: 'All' })
      .catch((error: unknown) => String(error))
    expect(refused).to.match(/violates PodSecurity \W+restricted:latest\W+: allowPrivilegeEscalation/)
  })

  /** Kubernetes' own judge of the standard, rather than a list of fields here. */
  async function enforceRestricted(namespace: string): Promise<void> {
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    const read = await core.readNamespace({ name: namespace })
    await core.replaceNamespace({
      name: namespace,
      body: { ...read, metadata: { ...read.metadata, labels: { ...read.metadata?.labels, ...labels } } },
    })
  }
})

function inNamespace(of: RagPipeline, namespace: string): RagPipeline {
  return { ...of, metadata: { ...of.metadata, namespace } }
}
