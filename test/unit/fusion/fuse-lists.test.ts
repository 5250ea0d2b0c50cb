import { expect } from 'chai'
import { describe, it } from 'mocha'
import { fuseLists } from '../../../api/retrieval/fusion/fuse-lists.ts'

const dense = [
  { id: 'a', score: 0.9 },
  { id: 'b', score: 0.8 },
  { id: 'c', score: 0.1 },
]
const bm25 = [
  { id: 'c', score: 12 },
  { id: 'b', score: 3 },
]

describe('fusion of lists', () => {
  it('weighs scores brought to 0…1', () => {
    const { items, weights } = fuseLists('min_max', [
      { name: 'dense', items: dense, weight: 3 },
      { name: 'bm25', items: bm25 },
    ])
    expect(weights).to.deep.equal({ dense: 0.75, bm25: 0.25 })
    expect(items.map(({ id }) => id)).to.deep.equal(['a', 'b', 'c'])
    expect(items[0]!.score).to.be.closeTo(0.75, 1e-9)
    expect(items[2]!.score).to.be.closeTo(0.25, 1e-9)
  })

  it('weighs ranks', () => {
    const legs = (weight: number) => [
      { name: 'dense', items: dense },
      { name: 'bm25', items: bm25, weight },
    ]
    expect(fuseLists('rrf', legs(1)).items[0]!.id).to.equal('c')
    expect(fuseLists('rrf', legs(0.01)).items[0]!.id).to.equal('a')
    expect(fuseLists('rrf', [{ name: 'x', items: bm25 }]).items[0]).to.deep.equal({ id: 'c', score: 1 })
  })

  it('lets standard scores weigh for themselves', () => {
    const { weights } = fuseLists('standard_score', [
      { name: 'dense', items: dense, weight: 1000 },
      { name: 'bm25', items: bm25, floor: 0 },
    ])
    expect(weights['dense']! + weights['bm25']!).to.be.closeTo(1, 1e-9)
    expect(weights['bm25']).to.be.greaterThan(0.4)
  })

  it('bears lists without anything', () => {
    for (const method of ['standard_score', 'min_max', 'rrf'] as const)
      expect(fuseLists(method, [{ name: 'dense', items: [] }]).items).to.deep.equal([])
  })
})
