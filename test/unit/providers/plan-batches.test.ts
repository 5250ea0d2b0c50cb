import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { planBatches } from '../../../api/providers/embedders/local/plan-batches.ts'

describe('embedders/local/plan-batches', () => {
  it('puts every text into one batch, within the limits, with little padding', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3000), { maxLength: 200, size: 'max' }), lengths => {
        const texts = lengths.map(length => 'x'.repeat(length))
        const batches = planBatches(texts, 32, 4000)
        expect(batches.flat().toSorted((a, b) => a - b)).to.deep.equal([...texts.keys()])
        for (const batch of batches) {
          const longest = Math.max(...batch.map(position => texts[position]!.length))
          expect(batch.length).to.be.at.most(32)
          if (batch.length > 1) expect(longest * batch.length).to.be.at.most(4000)
        }
        const order = batches.flat().map(position => texts[position]!.length)
        expect(order).to.deep.equal(order.toSorted((a, b) => b - a))
      }),
    )
  })

  it('fills batches of short texts up to the most texts, of long ones up to the most characters', () => {
    expect(planBatches(Array<string>(70).fill('short')).map(batch => batch.length)).to.deep.equal([32, 32, 6])
    expect(planBatches(Array<string>(9).fill('x'.repeat(1000))).map(batch => batch.length)).to.deep.equal([4, 4, 1])
  })
})
