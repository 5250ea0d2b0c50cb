import { expect } from 'chai'
import { describe, it } from 'mocha'
import { ragPipelineStatusSchema } from '../../../crds/rag-pipeline.ts'
import { newDrift, statusDrift } from '../../../operator/plan/status-drift.ts'
import { spread } from '../../../operator/runtime/backoff.ts'

const drift = (field: string, found = 'b') => ({ object: 'Deployment/x', field, wanted: 'a', found })

describe('drift in a status', () => {
  it('is absent when there is none', () => {
    expect(statusDrift([])).to.deep.equal({})
  })

  it('is whole when there is little', () => {
    expect(statusDrift([drift('f')])).to.deep.equal({ drift: [drift('f')] })
  })

  it('is bounded whatever was found, and says how much is left out', () => {
    const status = statusDrift(Array.from({ length: 5_000 }, (_, index) => drift(`f${index}`, 'x'.repeat(100_000))))
    expect(status.drift?.length).to.equal(64)
    expect(status.driftOmitted).to.equal(5_000 - 64)
    expect(status.drift?.[0]?.found).to.match(/… \(and \d+ more characters\)$/)
    expect(JSON.stringify(status).length).to.be.lessThan(100_000)
    expect(ragPipelineStatusSchema.safeParse(status).success).to.equal(true)
  })

  it('is news only when it was not told before', () => {
    const long = drift('long', 'x'.repeat(10_000))
    const { drift: told } = statusDrift([drift('a'), long])
    expect(newDrift(undefined, [drift('a')])).to.deep.equal([drift('a')])
    expect(newDrift(told, [drift('a'), long])).to.deep.equal([])
    expect(newDrift(told, [drift('a', 'c'), drift('d')])).to.deep.equal([drift('a', 'c'), drift('d')])
  })
})

describe('the time until the next look', () => {
  it('is spread around what was asked for', () => {
    expect([0, 0.5, 0.999].map(random => Math.round(spread(1000, random)))).to.deep.equal([800, 1000, 1200])
  })
})
