import { expect } from 'chai'
import { describe, it } from 'mocha'
import { batches } from '../../../api/stores/vectors/batches.ts'
import { rank } from '../../../api/stores/vectors/ranking.ts'
import type { ScoredPoint } from '../../../api/stores/vectors/vector-store.ts'

const scored = (...pairs: [string, number][]) => pairs.map(([id, score]) => ({ id, score }) as ScoredPoint)
const ids = (points: readonly ScoredPoint[]) => points.map(({ id }) => id).join('')

describe('ranking', () => {
  it('orders equal scores by id and leaves the rest as it came', () => {
    expect(ids(rank(scored(['d', 3], ['c', 2], ['a', 2], ['b', 2], ['e', 1]), 9))).to.equal('dabce')
  })
  it('cuts after ordering', () => {
    expect(ids(rank(scored(['c', 2], ['b', 2], ['a', 2]), 2))).to.equal('ab')
  })
  it('takes lists whose best score is the smallest', () => {
    expect(ids(rank(scored(['z', 0.1], ['y', 0.5], ['x', 0.5]), 3))).to.equal('zxy')
  })
})

describe('batches', () => {
  const cut = (items: string[], limit: { count: number; bytes: number }) => [
    ...batches(items, limit, item => item.length),
  ]
  it('cuts by count', () => {
    expect(cut(['a', 'b', 'c'], { count: 2, bytes: 100 })).to.deep.equal([['a', 'b'], ['c']])
  })
  it('cuts by size, and lets a large item go alone', () => {
    expect(cut(['aa', 'bb', 'cccccc', 'd'], { count: 9, bytes: 4 })).to.deep.equal([['aa', 'bb'], ['cccccc'], ['d']])
  })
  it('makes none of nothing', () => {
    expect(cut([], { count: 1, bytes: 1 })).to.deep.equal([])
  })
})
