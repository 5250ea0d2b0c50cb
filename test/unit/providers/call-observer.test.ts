import { expect } from 'chai'
import { describe, it } from 'mocha'
import { tellTokens, tokenCount } from '../../../api/providers/call-observer.ts'

describe('tokens that an answer counts', () => {
  it('are taken as they are where they can be counted with, else as none', () => {
    expect(tokenCount(12)).to.equal(12)
    for (const odd of [1.5, -1, NaN, Infinity, 2 ** 60, '12', null, undefined, {}]) expect(tokenCount(odd)).to.equal(0)
  })

  it('are told only where there are any', () => {
    const told: number[] = []
    for (const count of [3, 0, '4', 1.5]) tellTokens({ tokensRead: tokens => told.push(tokens) }, count)
    expect(told).to.deep.equal([3])
  })
})
