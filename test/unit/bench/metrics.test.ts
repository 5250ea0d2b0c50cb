import { expect } from 'chai'
import { describe, it } from 'mocha'
import { mean, ndcg, recall, reciprocalRank } from '../../bench/eval/metrics.ts'

const relevance = new Map([['a', 3], ['b', 1], ['c', 0]]) // prettier-ignore

describe('retrieval metrics', () => {
  it('nDCG is 1 for the best order, 0 for nothing relevant, and discounts by rank', () => {
    expect(ndcg(['a', 'b', 'x'], relevance, 10)).to.equal(1)
    expect(ndcg(['x', 'c'], relevance, 10)).to.equal(0)
    const ideal = 3 + 1 / Math.log2(3)
    expect(ndcg(['b', 'a'], relevance, 10)).to.be.closeTo((1 + 3 / Math.log2(3)) / ideal, 1e-12)
    expect(ndcg(['x', 'a'], relevance, 1)).to.equal(0)
  })

  it('recall counts relevant documents within the depth', () => {
    expect(recall(['x', 'a', 'b'], relevance, 2)).to.equal(0.5)
    expect(recall(['x', 'a', 'b'], relevance, 3)).to.equal(1)
    expect(recall(['c'], relevance, 10)).to.equal(0)
  })

  it('the reciprocal rank is that of the first relevant document within the depth', () => {
    expect(reciprocalRank(['x', 'c', 'b', 'a'], relevance, 10)).to.equal(1 / 3)
    expect(reciprocalRank(['x', 'a'], relevance, 1)).to.equal(0)
  })

  it('averages', () => {
    expect(mean([0, 0.5, 1])).to.equal(0.5)
  })
})
