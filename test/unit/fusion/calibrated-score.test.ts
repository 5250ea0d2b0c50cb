import { expect } from 'chai'
import { describe, it } from 'mocha'
import { calibratedScore } from '../../../api/retrieval/fusion/calibrated-score.ts'
import type { Ranked } from '../../../api/retrieval/fusion/ranked.ts'

const list = (scores: Record<string, number>): Ranked[] => Object.entries(scores).map(([id, score]) => ({ id, score }))
const order = (items: readonly Ranked[]) => items.map(item => item.id)
const dense = { name: 'dense', items: list({ a: 0.9, b: 0.8, c: 0.5, d: 0.4 }) }
const bm25 = { name: 'bm25', items: list({ c: 9, d: 8, e: 1 }), floor: 0 }

describe('calibrated fusion', () => {
  it('follows the leg that is worth more', () => {
    expect(order(calibratedScore([dense, bm25], { dense: 1, bm25: 0.05 }).items)[0]).to.equal('a')
    expect(order(calibratedScore([dense, bm25], { dense: 0.05, bm25: 1 }).items)[0]).to.equal('c')
  })

  it('leaves a worthless leg without a say, also over the order of what only it lists', () => {
    const { items, weights } = calibratedScore([dense, bm25], { dense: 1, bm25: 0 })
    expect(order(items).slice(0, 4)).to.deep.equal(['a', 'b', 'c', 'd'])
    expect(weights).to.deep.equal({ dense: 1, bm25: 0 })
  })

  it('gives 1 to the best of every leg, and 0 to the last of all', () => {
    const both = list({ best: 3, middle: 2, last: 1 })
    const { items } = calibratedScore([{ name: 'dense', items: both }, { name: 'bm25', items: both }], { dense: 0.3, bm25: 0.7 }) // prettier-ignore
    expect(items.map(({ score }) => score)[0]).to.be.closeTo(1, 1e-12)
    expect(items.at(-1)).to.deep.equal({ id: 'last', score: 0 })
  })

  it('has an answer where nothing is distinguished, and where no leg is worth anything', () => {
    const alike = list({ a: 1, b: 1 })
    expect(calibratedScore([{ name: 'dense', items: alike }], { dense: 1 }).items).to.have.length(2)
    expect(order(calibratedScore([dense, bm25], { dense: 0, bm25: 0 }).items)).to.have.members([
      'a',
      'b',
      'c',
      'd',
      'e',
    ])
    expect(calibratedScore([dense, { ...bm25, items: [] }], { dense: 0.5, bm25: 0.5 }).items).to.have.length(4)
  })
})
