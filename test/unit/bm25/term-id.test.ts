import { expect } from 'chai'
import { describe, it } from 'mocha'
import { TERM_ID_LIMIT, termId } from '../../../api/retrieval/bm25/term-id.ts'

describe('bm25/term-id', () => {
  it('never changes: stored vectors hold these numbers', () => {
    expect(['wing', 'ab-1234/5', '数据库', ''].map(termId)).to.deep.equal(known)
  })

  it('spreads words of every length evenly', () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
    const terms: string[] = []
    for (const a of letters) for (const b of letters) for (const c of ['', ...letters]) terms.push(a + b + c)
    for (let code = 0x4e00; code < 0x9fff; code++) terms.push(String.fromCodePoint(code))
    const ids = new Set(terms.map(termId))
    // n²/2m pairs share an id by chance: 9 of 69,000.
    expect(terms.length - ids.size).to.be.at.most(25)
    const buckets = new Array<number>(64).fill(0)
    for (const id of ids) buckets[Math.floor((id / TERM_ID_LIMIT) * 64)]! += 1
    for (const count of buckets) expect(count).to.be.closeTo(ids.size / 64, ids.size / 64 / 4)
  })
})

const known = [99845023, 244517060, 286165462, 188644363]
