import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import type { Ranked } from '../../../api/retrieval/fusion/ranked.ts'
import { standardScore } from '../../../api/retrieval/fusion/standard-score.ts'

const list = (scores: Record<string, number>): Ranked[] => Object.entries(scores).map(([id, score]) => ({ id, score }))
const order = (items: readonly Ranked[]) => items.map(item => item.id)

/** A leg for which everything is alike: an English model on Chinese text. */
const blurred = Array.from({ length: 50 }, (_, i) => ({
  id: `d${String(i).padStart(2, '0')}`,
  score: 0.85 - i * 0.001,
}))
/** A leg that knows: one item far above the crowd. */
const sharp = [
  { id: 'right', score: 20 },
  ...Array.from({ length: 49 }, (_, i) => ({ id: `b${i}`, score: 2 - i * 0.01 })),
]

const legs = fc.array(
  fc.uniqueArray(
    fc.record({ id: fc.stringMatching(/^[a-z]{1,2}$/), score: fc.double({ min: -1, max: 50, noNaN: true }) }),
    {
      selector: item => item.id,
      maxLength: 30,
    },
  ),
  { minLength: 1, maxLength: 3 },
)

describe('standard-score fusion', () => {
  it('gives the leg that distinguishes more weight', () => {
    const { items, weights } = standardScore([
      { name: 'dense', items: blurred },
      { name: 'bm25', items: sharp, floor: 0 },
    ])
    expect(items[0]?.id).to.equal('right')
    expect(weights['bm25']).to.be.greaterThan(0.7)
    expect(weights['dense']! + weights['bm25']!).to.be.closeTo(1, 1e-12)
  })

  it('puts what both legs like above what only one likes as much', () => {
    const { items } = standardScore([
      { name: 'dense', items: list({ both: 0.9, one: 0.9, x: 0.2, y: 0.1 }) },
      { name: 'bm25', items: list({ both: 9, two: 9, x: 2, y: 1 }), floor: 0 },
    ])
    expect(items[0]).to.deep.equal({ id: 'both', score: 1 })
  })

  it('does not depend on the scale of a leg, nor on its origin', () => {
    const a = list({ p: 3, q: 1, r: 0.5 })
    const b = list({ q: 0.9, r: 0.3, p: 0.2 })
    const stretched = b.map(({ id, score }) => ({ id, score: score * 1000 + 7 }))
    const plain = standardScore([{ name: 'a', items: a }, { name: 'b', items: b }]) // prettier-ignore
    const other = standardScore([{ name: 'a', items: a }, { name: 'b', items: stretched }]) // prettier-ignore
    expect(order(other.items)).to.deep.equal(order(plain.items))
    plain.items.forEach((item, i) => expect(other.items[i]!.score).to.be.closeTo(item.score, 1e-9))
  })

  it('counts items that a leg with a floor does not list as having it', () => {
    // One chunk alone holds the part number: that is telling when there are many chunks.
    const many = standardScore([
      { name: 'dense', items: blurred },
      { name: 'bm25', items: list({ d40: 7 }), floor: 0 },
    ])
    expect(many.items[0]?.id).to.equal('d40')
    // Without the floor a list of one has no spread, and so no say.
    const blind = standardScore([
      { name: 'dense', items: blurred },
      { name: 'bm25', items: list({ d40: 7 }) },
    ])
    expect(blind.weights['bm25']).to.equal(0)
  })

  it('leaves an empty leg without a say', () => {
    const dense = list({ a: 0.9, b: 0.4, c: 0.1 })
    const { items, weights } = standardScore([
      { name: 'dense', items: dense },
      { name: 'bm25', items: [], floor: 0 },
    ])
    expect(weights).to.deep.equal({ dense: 1, bm25: 0 })
    expect(order(items)).to.deep.equal(['a', 'b', 'c'])
  })

  it('shares the say equally when no leg distinguishes anything', () => {
    const { items, weights } = standardScore([
      { name: 'dense', items: list({ only: 0.7 }) },
      { name: 'bm25', items: list({ only: 3 }), floor: 0 },
    ])
    expect(weights).to.deep.equal({ dense: 0.5, bm25: 0.5 })
    expect(items).to.deep.equal([{ id: 'only', score: 1 }])
  })

  it('takes rounding errors between equal texts for no distinction', () => {
    const { weights } = standardScore([
      { name: 'dense', items: list({ a: 0.8000000001, b: 0.8, c: 0.8 }) },
      { name: 'bm25', items: list({ c: 4, b: 2, a: 1 }), floor: 0 },
    ])
    expect(weights).to.deep.equal({ dense: 0, bm25: 1 })
  })

  it('gives scores between 0 and 1, each id once, best first, and the same whatever the order of the input', () => {
    fc.assert(
      fc.property(legs, lists => {
        const named = lists.map((items, i) => ({ name: `leg${i}`, items }))
        const { items } = standardScore(named)
        expect(new Set(order(items))).to.deep.equal(new Set(lists.flat().map(item => item.id)))
        expect(order(items)).to.have.length(new Set(order(items)).size)
        items.forEach(({ score }) => expect(score).to.be.within(0, 1 + 1e-12))
        items.slice(1).forEach((item, i) => expect(item.score).to.be.at.most(items[i]!.score))
        const reversed = standardScore(named.map(leg => ({ ...leg, items: leg.items.toReversed() })))
        expect(reversed.items).to.deep.equal(items)
      }),
    )
  })
})
