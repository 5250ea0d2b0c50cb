import { expect } from 'chai'
import type { Bounds } from '../../bench/api/options.ts'
import { type Comparison, verdicts } from '../../bench/api/report.ts'

const bounds: Bounds = { addedMs: 1.5, timesRaw: null, cpu: null, throughput: 0.7, p95: 2 }
const at = (p50: number, perSecond = 100) => ({ p50, p95: 2 * p50, perSecond, failed: 0, answers: perSecond })
const broken = (comparisons: Comparison[], changes: Partial<Bounds> = {}) =>
  verdicts(comparisons, { ...bounds, ...changes })
    .filter(({ kept }) => !kept)
    .map(({ what }) => what)

describe('verdicts of the API bench', () => {
  it('compares one at a time by added milliseconds, or by times where machines differ', () => {
    const one = { retriever: 'dense', connections: 1, raw: at(3), api: at(4) }
    const slow = { ...one, api: at(8) }
    expect(broken([one])).to.deep.equal([])
    expect(broken([slow])).to.deep.equal(['dense, 1 at a time: p50 above the raw call’s, ms'])
    expect(broken([one], { timesRaw: 2 })).to.deep.equal([])
    expect(broken([slow], { timesRaw: 2 })).to.deep.equal(['dense, 1 at a time: p50, times the raw call’s'])
  })

  it('compares processor time, which other programs do not change, where a bound is set', () => {
    const one = { retriever: 'dense', connections: 32, raw: at(3), api: at(4), cpu: { raw: 2, api: 2 } }
    expect(broken([one])).to.deep.equal([])
    expect(broken([one], { cpu: 1.2 })).to.deep.equal([])
    expect(broken([one], { cpu: 0.8 })).to.deep.equal(['dense, 32 at a time: own processor time, share of the store’s'])
  })

  it('takes the model into account where it reads each question', () => {
    const one = { retriever: 'dense', connections: 1, raw: at(3), embedder: at(10), api: at(14) }
    const many = { retriever: 'dense', connections: 32, raw: at(30, 900), embedder: at(300, 100), api: at(320, 95) }
    expect(broken([one, many])).to.deep.equal([])
    expect(
      broken([
        { ...one, api: at(15) },
        { ...many, api: at(320, 60) },
      ]),
    ).to.deep.equal([
      'dense, 1 at a time: p50 above the raw call’s and the model’s, ms',
      'dense, 32 at a time: share of the model’s throughput',
    ])
  })

  it('lets hybrid cost little more than the slower of its legs', () => {
    const of = (retriever: string, p50: number) => ({ retriever, connections: 1, raw: at(p50), api: at(p50) })
    expect(broken([of('dense', 2), of('bm25', 4), of('hybrid', 5)])).to.deep.equal([])
    expect(broken([of('dense', 2), of('bm25', 4), of('hybrid', 6)])).to.deep.equal([
      'hybrid, 1 at a time: p50, times the slower leg’s',
    ])
  })

  it('counts a failed request', () => {
    const one = { retriever: 'dense', connections: 1, raw: at(3), api: { ...at(4), failed: 1 } }
    expect(broken([one])).to.deep.equal(['dense, 1 at a time: failed requests'])
  })
})
