import { expect } from 'chai'
import { describe, it } from 'mocha'
import { ranking } from '../../../api/retrieval/fusion/ranked.ts'
import { reciprocalRank } from '../../../api/retrieval/fusion/reciprocal-rank.ts'
import { minMax, weightedSum } from '../../../api/retrieval/fusion/weighted.ts'

describe('ranking', () => {
  it('keeps an id once, with its best score, ties by id', () => {
    const items = [{ id: 'b', score: 1 }, { id: 'a', score: 1 }, { id: 'b', score: 3 }, { id: 'c', score: 1 }] // prettier-ignore
    expect(ranking(items)).to.deep.equal([{ id: 'b', score: 3 }, { id: 'a', score: 1 }, { id: 'c', score: 1 }]) // prettier-ignore
  })
})

describe('reciprocal rank fusion', () => {
  const first = [{ id: 'a', score: 0.9 }, { id: 'b', score: 0.8 }] // prettier-ignore
  const second = [{ id: 'b', score: 12 }, { id: 'c', score: 3 }] // prettier-ignore

  it('adds 1 / (60 + rank) and divides by the most possible', () => {
    const fused = reciprocalRank([first, second])
    expect(fused.map(item => item.id)).to.deep.equal(['b', 'a', 'c'])
    expect(fused[0]!.score).to.be.closeTo((1 / 62 + 1 / 61) / (2 / 61), 1e-12)
    expect(fused[1]!.score).to.be.closeTo(0.5, 1e-12)
  })

  it('gives 1 to what is first everywhere, and nothing for nothing', () => {
    expect(reciprocalRank([first, first])[0]).to.deep.equal({ id: 'a', score: 1 })
    expect(reciprocalRank([[], []])).to.deep.equal([])
  })
})

describe('weighted sum', () => {
  it('counts an absent item as 0', () => {
    const fused = weightedSum([
      { weight: 0.25, items: [{ id: 'a', score: 1 }] },
      { weight: 0.75, items: [{ id: 'b', score: 1 }, { id: 'a', score: 0.2 }] }, // prettier-ignore
    ])
    expect(fused.map(item => item.id)).to.deep.equal(['b', 'a'])
    expect(fused[0]!.score).to.equal(0.75)
    expect(fused[1]!.score).to.be.closeTo(0.4, 1e-12)
  })

  it('min-max brings a pool to 0…1, and equals to 1', () => {
    const pool = [{ id: 'a', score: 8 }, { id: 'b', score: 6 }, { id: 'c', score: 4 }] // prettier-ignore
    expect(minMax(pool).map(item => item.score)).to.deep.equal([1, 0.5, 0])
    expect(minMax([{ id: 'a', score: 3 }]).map(item => item.score)).to.deep.equal([1])
    expect(minMax([])).to.deep.equal([])
  })
})
