import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parseRagPipeline } from '../../../crds/parse-resource.ts'
import { type Pipeline } from '../../../operator/observe/resources.ts'
import { knownFault } from '../../../operator/plan/known-fault.ts'
import { pipelineManifest } from '../../support/sample-resources.ts'

const metadata = { name: 'demo', namespace: 'default', uid: 'p', generation: 1, creationTimestamp: '2026-05-01T00:00:00Z' } // prettier-ignore

function pipeline(type: string, reason: string, change: { spec?: object; metadata?: object } = {}): Pipeline {
  const condition = { type, status: 'False', reason, message: `${reason}!`, lastTransitionTime: '2026-05-01T00:00:00Z' } as const // prettier-ignore
  const parsed = parseRagPipeline(pipelineManifest({ ...change.spec }))
  return { ...parsed, metadata: { ...metadata, ...change.metadata }, status: { conditions: [condition] } }
}

describe('the fault that a pipeline knows of', () => {
  it('is what its conditions say of its stores', () => {
    expect(knownFault(pipeline('DatabaseReady', 'AccessRefused'))).to.deep.equal({ store: 'database', reason: 'AccessRefused', message: 'AccessRefused!' }) // prettier-ignore
    expect(knownFault(pipeline('VectorStoreReady', 'OutOfResources'))).to.include({ store: 'vectors' })
  })

  it('is none for other reasons and other conditions: those say nothing about a tenant', () => {
    expect(knownFault(pipeline('VectorStoreReady', 'Unrepairable'))).to.equal(null)
    expect(knownFault(pipeline('APIAvailable', 'Unreachable'))).to.equal(null)
  })

  it('is none when the pipeline does not look any more, so that nobody waits for it for ever', () => {
    expect(knownFault(pipeline('DatabaseReady', 'Unreachable', { spec: { suspend: true } }))).to.equal(null)
    const going = { deletionTimestamp: '2026-05-02T00:00:00Z' }
    expect(knownFault(pipeline('DatabaseReady', 'Unreachable', { metadata: going }))).to.equal(null)
  })
})
