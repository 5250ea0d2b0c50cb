import { expect } from 'chai'
import { describe, it } from 'mocha'
import { cosine } from '../../../api/retrieval/cosine.ts'
import { maximalMarginalRelevance, overlap } from '../../../api/retrieval/rerank/mmr.ts'

const items = [
  { id: 'a', relevance: 1 },
  { id: 'copy of a', relevance: 0.95 },
  { id: 'b', relevance: 0.7 },
]
const alike = (x: string, y: string) => (x.endsWith('a') && y.endsWith('a') ? 1 : 0)

describe('maximal marginal relevance', () => {
  it('prefers what is new to what is a little more relevant', () => {
    const order = maximalMarginalRelevance(items, alike).map(({ id }) => id)
    expect(order).to.deep.equal(['a', 'b', 'copy of a'])
  })

  it('is the order of relevance when only that counts', () => {
    const order = maximalMarginalRelevance(items, alike, 1).map(({ id }) => id)
    expect(order).to.deep.equal(['a', 'copy of a', 'b'])
  })

  it('gives values that never rise, so that a threshold cuts the end', () => {
    const many = Array.from({ length: 40 }, (_, i) => ({ id: String(i), relevance: ((i * 37) % 40) / 40 }))
    const values = maximalMarginalRelevance(many, (a, b) => ((Number(a) * Number(b)) % 7) / 7).map(({ value }) => value)
    values.slice(1).forEach((value, i) => expect(value).to.be.at.most(values[i]!))
    expect(values).to.have.length(40)
  })

  it('measures likeness', () => {
    expect(cosine([1, 0], [1, 1])).to.be.closeTo(Math.SQRT1_2, 1e-9)
    expect(cosine([0, 0], [1, 1])).to.equal(0)
    expect(overlap(new Set([1, 2, 3]), new Set([2, 3, 4]))).to.equal(0.5)
    expect(overlap(new Set(), new Set())).to.equal(0)
  })
})
