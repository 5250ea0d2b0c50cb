import { expect } from 'chai'
import { describe, it } from 'mocha'
import { desiredObjects } from '../../../operator/desired/index.ts'
import { appliedHashes } from '../../../operator/plan/object-decision.ts'
import { decidePruning, unwantedObjects } from '../../../operator/plan/pruning.ts'
import { type KubernetesObject, objectName } from '../../../operator/runtime/kubernetes-object.ts'
import { pipeline } from '../../support/pipelines.ts'

const context = { image: 'selfrag-api:test', secretsChecksum: 'abc', addresses: [] }
const autoscaled = pipeline({ api: { autoscaling: { maxReplicas: 3 } } })
const autoscaler = desiredObjects(autoscaled, context).find(({ kind }) => kind === 'HorizontalPodAutoscaler')!
const wanted = desiredObjects(pipeline(), context)
const namesOf = (objects: readonly KubernetesObject[]) => objects.map(objectName)

describe('objects that a pipeline does not want any more', () => {
  const found = (metadata: object) => [{ ...autoscaler, metadata: { ...autoscaler.metadata, ...metadata } }]
  const owner = autoscaler.metadata.ownerReferences![0]!

  it('are those that it made and that its spec does not ask for', () => {
    expect(namesOf(unwantedObjects(pipeline(), wanted, [autoscaler]))).to.deep.equal([
      'HorizontalPodAutoscaler/demo-api',
    ])
    expect(unwantedObjects(autoscaled, desiredObjects(autoscaled, context), [autoscaler])).to.deep.equal([])
  })

  it('are found among all that there is, and what is wanted stays', () => {
    const all = [...desiredObjects(autoscaled, context)]
    expect(namesOf(unwantedObjects(pipeline(), wanted, all))).to.deep.equal(['HorizontalPodAutoscaler/demo-api'])
  })

  const foreign: [what: string, metadata: object][] = [
    ['that nobody controls', { ownerReferences: undefined }],
    ['that our resource owns without controlling it', { ownerReferences: [{ ...owner, controller: false }] }],
    ['of the pipeline of that name before', { ownerReferences: [{ ...owner, uid: 'uid-0' }] }],
    ['without our labels', { labels: { 'app.kubernetes.io/instance': 'demo' } }],
    ['of another pipeline', { labels: { ...autoscaler.metadata.labels, 'app.kubernetes.io/instance': 'other' } }],
    ['in another namespace', { namespace: 'elsewhere' }],
    ['that is on its way out', { deletionTimestamp: '2026-05-01T00:00:00Z' }],
  ]
  for (const [what, metadata] of foreign) {
    it(`are never one ${what}`, () => {
      expect(unwantedObjects(pipeline(), wanted, found(metadata))).to.deep.equal([])
    })
  }
})

describe('pruning', () => {
  const none = appliedHashes(undefined)
  const applied = appliedHashes([{ kind: 'HorizontalPodAutoscaler', name: 'demo-api', hash: 'x' }])

  for (const policy of ['Enforce', 'Warn', 'Ignore'] as const) {
    it(`removes under ${policy} what the spec has given up`, () => {
      expect(decidePruning([autoscaler], { drift: policy, applied })).to.deep.equal({ remove: [autoscaler], left: [] })
    })
  }

  it('treats what somebody has put back as drift', () => {
    const left = [
      { object: 'HorizontalPodAutoscaler/demo-api', field: 'existence', wanted: 'absent', found: 'present' },
    ]
    expect(decidePruning([autoscaler], { drift: 'Enforce', applied: none })).to.deep.equal({
      remove: [autoscaler],
      left: [],
    })
    for (const policy of ['Warn', 'Ignore'] as const)
      expect(decidePruning([autoscaler], { drift: policy, applied: none })).to.deep.equal({ remove: [], left })
  })
})
