import { expect } from 'chai'
import { describe, it } from 'mocha'
import type { LegWorth } from '../../../api/contract/leg-worth.ts'
import { isWorthDue, pooledWorth } from '../../../api/retrieval/fusion/leg-worth.ts'

const worth = (dense: number, bm25: number, changes: Partial<LegWorth> = {}): LegWorth => ({
  meanReciprocalRank: { dense: 0.5, bm25: 0.5 },
  standardScore: { dense, bm25 },
  passages: 100,
  chunks: 1000,
  fingerprint: 'now',
  measuredAt: '2026-01-01T00:00:00.000Z',
  ...changes,
})

describe('the worth of the legs', () => {
  it('is in proportion to how well they find, and adds up to 1', () => {
    expect(pooledWorth([worth(1, 3)], 'now')).to.deep.equal({ dense: 0.25, bm25: 0.75 })
  })

  it('takes ranks where an earlier version has measured, and measures anew', () => {
    const { standardScore: _, ...earlier } = worth(1, 1, { meanReciprocalRank: { dense: 0.25, bm25: 0.75 } })
    expect(pooledWorth([earlier], 'now')).to.deep.equal({ dense: 0.25, bm25: 0.75 })
    expect(isWorthDue(earlier, 1000, 'now')).to.equal(true)
  })

  it('counts knowledge bases by their chunks', () => {
    const pooled = pooledWorth([worth(1, 0, { chunks: 300 }), worth(0, 1, { chunks: 100 })], 'now')
    expect(pooled).to.deep.equal({ dense: 0.75, bm25: 0.25 })
  })

  it('is unknown without a measurement, with one of few passages, and with one of other vectors', () => {
    expect(pooledWorth([null], 'now')).to.equal(null)
    expect(pooledWorth([worth(1, 1, { passages: 19 })], 'now')).to.equal(null)
    expect(pooledWorth([worth(1, 1, { fingerprint: 'before' })], 'now')).to.equal(null)
    expect(pooledWorth([worth(0, 0)], 'now')).to.equal(null)
  })

  it('is measured when there is enough to measure, and again when much has changed', () => {
    expect(isWorthDue(null, 39, 'now')).to.equal(false)
    expect(isWorthDue(null, 40, 'now')).to.equal(true)
    expect(isWorthDue(worth(1, 1), 1499, 'now')).to.equal(false)
    expect(isWorthDue(worth(1, 1), 1500, 'now')).to.equal(true)
    expect(isWorthDue(worth(1, 1), 667, 'now')).to.equal(false)
    expect(isWorthDue(worth(1, 1), 666, 'now')).to.equal(true)
    expect(isWorthDue(worth(1, 1, { fingerprint: 'before' }), 1000, 'now')).to.equal(true)
  })
})
