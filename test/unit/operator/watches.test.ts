import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { connectWatches, type Watched } from '../../../operator/controllers/watches.ts'
import { apiDeployment } from '../../../operator/desired/deployment-api.ts'
import { horizontalPodAutoscaler } from '../../../operator/desired/horizontal-pod-autoscaler.ts'
import { type ChangeHandler } from '../../../operator/runtime/informer.ts'
import { type KubernetesObject } from '../../../operator/runtime/kubernetes-object.ts'
import { OwnWrites } from '../../../operator/runtime/own-writes.ts'
import { written } from '../../support/own-writes.ts'
import { pipeline } from '../../support/pipelines.ts'

const of = pipeline({ api: { autoscaling: { maxReplicas: 3 } } })
const autoscaler: KubernetesObject = horizontalPodAutoscaler(of)!
const deployment: KubernetesObject = apiDeployment(of, { image: 'x', secretsChecksum: 'y', addresses: [] })

/** As a later version of it, with these fields besides or instead. */
const later = (object: KubernetesObject, fields: object): KubernetesObject => ({
  ...object,
  ...fields,
  metadata: { ...object.metadata, resourceVersion: '2', managedFields: [{ manager: 'somebody' }] },
})

describe('changes of what a pipeline owns', () => {
  let changed: ChangeHandler<KubernetesObject>
  let becameAvailable: () => void
  let enqueued: string[]

  beforeEach(() => {
    enqueued = []
    const silent = { onChange: () => undefined, list: () => [] }
    const owned = {
      onChange: (handler: typeof changed) => (changed = handler),
      onAvailability: (handler: () => void) => (becameAvailable = handler),
    }
    const watched = { pipelines: { ...silent, list: () => [of] }, tenants: silent, owned: [owned], configMaps: silent, secrets: silent } // prettier-ignore
    connectWatches(
      watched as unknown as Watched,
      {
        pipeline: key => enqueued.push(key),
        pipelineSoon: key => enqueued.push(key),
        tenant: () => undefined,
      },
      new OwnWrites(['RagTenant', 'Secret']),
    )
  })

  it('concern the pipeline when an object comes, goes or is another', () => {
    const relabelled = { ...autoscaler, metadata: { ...autoscaler.metadata, labels: {} } }
    for (const [now, before] of [
      [autoscaler, null],
      [null, autoscaler],
      [later(autoscaler, { spec: {} }), autoscaler],
      [relabelled, autoscaler],
    ] as const) {
      enqueued = []
      changed(now, before)
      // More than once is once for the queue.
      expect(new Set(enqueued)).to.deep.equal(new Set(['rag/demo']))
    }
  })

  it('concern nobody when only a status has changed, which an autoscaler has do so all the time', () => {
    changed(later(autoscaler, { status: { currentReplicas: 2 } }), autoscaler)
    expect(enqueued).to.deep.equal([])
  })

  it('concern the pipeline when it is the status of a Deployment, which says whether it serves', () => {
    changed(later(deployment, { status: { availableReplicas: 1 } }), deployment)
    expect(enqueued).to.include('rag/demo')
  })

  it('concern every pipeline when a kind is installed or removed', () => {
    becameAvailable()
    expect(enqueued).to.deep.equal(['rag/demo'])
  })
})

describe('changes of a tenant and of its Secrets', () => {
  const tenant = {
    apiVersion: 'selfrag.io/v1alpha1',
    kind: 'RagTenant',
    metadata: { name: 'acme', namespace: 'rag', uid: 'u', generation: 1, resourceVersion: '1' },
    spec: { pipelineRef: { name: 'demo' }, apiKeys: [{ name: 'admin', secretName: 'acme-admin' }] },
  }
  const globex = { ...tenant, metadata: { ...tenant.metadata, name: 'globex', uid: 'v' } }
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'acme-admin',
      namespace: 'rag',
      resourceVersion: '3',
      ownerReferences: [{ apiVersion: tenant.apiVersion, kind: 'RagTenant', name: 'acme', uid: 'u', controller: true }],
    },
  }
  const withFinalizer = later(tenant, {})
  Object.assign(withFinalizer.metadata, { finalizers: ['selfrag.io/tenant'] })
  let tenantChanged: ChangeHandler<KubernetesObject>
  let secretChanged: ChangeHandler<KubernetesObject>
  let own: OwnWrites
  const wrote = (object: KubernetesObject) => written(own, object)
  let enqueued: string[]

  beforeEach(() => {
    own = new OwnWrites(['RagTenant', 'Secret'])
    enqueued = []
    const silent = { onChange: () => undefined, list: () => [] }
    const tenants = {
      onChange: (handler: typeof tenantChanged) => (tenantChanged = handler),
      list: () => [tenant, globex],
    }
    const secrets = { onChange: (handler: typeof secretChanged) => (secretChanged = handler), list: () => [] }
    const watched = { pipelines: silent, tenants, owned: [], configMaps: silent, secrets }
    const enqueue = {
      pipeline: () => undefined,
      pipelineSoon: () => undefined,
      tenant: (key: string) => enqueued.push(key),
    }
    connectWatches(watched as unknown as Watched, enqueue, own)
  })

  it('concern the tenant when somebody else has made them', () => {
    tenantChanged(withFinalizer, tenant)
    secretChanged(secret, null)
    expect(new Set(enqueued)).to.deep.equal(new Set(['rag/acme', 'rag/globex']))
    expect(enqueued.filter(key => key === 'rag/acme')).to.have.length.above(1)
  })

  it('concern nobody when they are the finalizer that was written here', async () => {
    await wrote(withFinalizer)
    tenantChanged(withFinalizer, tenant)
    expect(enqueued).to.deep.equal([])
  })

  it('concern the tenant when there was a wish between its last version and what was written here', async () => {
    const wished = { ...withFinalizer, metadata: { ...withFinalizer.metadata, generation: 2 } }
    await wrote(wished)
    tenantChanged(wished, tenant)
    expect(enqueued).to.deep.equal(['rag/acme'])
  })

  it('concern only others that name the Secret when it was written here', async () => {
    await wrote(secret)
    secretChanged(secret, null)
    expect(enqueued).to.deep.equal(['rag/globex'])
  })

  it('concern the tenant when a wish for another key came between, and the watch shows it with our own write', async () => {
    const metadata = { ...secret.metadata, resourceVersion: '4', annotations: { 'selfrag.io/rotate-keys': 'now' } }
    const asked = { ...secret, metadata }
    await wrote(asked)
    secretChanged(asked, secret)
    expect(enqueued).to.include('rag/acme')
  })

  it('concern the tenant when its Secret is gone, and nothing is awaited of it any more', async () => {
    await wrote(secret)
    secretChanged(null, secret)
    expect(enqueued).to.include('rag/acme')
    expect(own.size).to.equal(0)
  })
})
