import { expect } from 'chai'
import { describe, it } from 'mocha'
import { cut, listed } from '../../../operator/runtime/cut.ts'

describe('long texts', () => {
  it('stay whole up to the limit', () => {
    expect(cut('x'.repeat(50), 50)).to.equal('x'.repeat(50))
  })

  it('are cut beyond it, and say how much is left out', () => {
    for (const length of [51, 1_000, 10_000_000]) {
      const text = cut('x'.repeat(length), 50)
      const [, kept = '', left] = /^(x*)… \(and (\d+) more characters\)$/.exec(text) ?? []
      expect(text.length).to.be.at.most(50)
      expect(kept.length).to.be.greaterThan(5)
      expect(kept.length + Number(left)).to.equal(length)
    }
  })

  it('are never cut inside a character', () => {
    for (let most = 40; most < 50; most++) expect(cut('𝄞'.repeat(100), most)).to.match(/^(𝄞)*…/u)
  })

  it('are listed up to a number, with how many more there are', () => {
    expect(listed(['a', 'b'], 2)).to.equal('a; b')
    expect(listed(['a', 'b', 'c', 'd'], 2)).to.equal('a; b; and 2 more')
  })
})
