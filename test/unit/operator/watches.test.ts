import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { connectWatches, type Watched } from '../../../operator/controllers/watches.ts'
import { apiDeployment } from '../../../operator/desired/deployment-api.ts'
import { horizontalPodAutoscaler } from '../../../operator/desired/horizontal-pod-autoscaler.ts'
import { type ChangeHandler } from '../../../operator/runtime/informer.ts'
import { type KubernetesObject } from '../../../operator/runtime/kubernetes-object.ts'
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
    connectWatches(watched as unknown as Watched, {
      pipeline: key => enqueued.push(key),
      pipelineSoon: key => enqueued.push(key),
      tenant: () => undefined,
    })
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
