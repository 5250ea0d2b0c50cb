import { expect } from 'chai'
import { describe, it } from 'mocha'
import { confidence, pairedDifference } from '../../bench/eval/bootstrap.ts'
import { compare, comparisonTable } from '../../bench/eval/compare.ts'
import type { QueryResult } from '../../bench/eval/report.ts'
import { seededRandom } from '../../support/random.ts'

const random = seededRandom(7)
const values = Array.from({ length: 200 }, random)
const half = values.reduce((sum, value) => sum + value, 0) / values.length

describe('the bootstrap of an evaluation', () => {
  it('is as wide as the standard error says, around the mean, and the same each time', () => {
    const { low, high } = confidence(values)
    // Uniform on 0…1: a standard deviation of 0.289, and 1.96 standard errors on either side.
    const expected = (1.96 * 0.289) / Math.sqrt(values.length)
    expect(half - low).to.be.closeTo(expected, 0.006)
    expect(high - half).to.be.closeTo(expected, 0.006)
    expect(confidence(values)).to.deep.equal({ low, high })
    expect(confidence([0.5, 0.5, 0.5])).to.deep.equal({ low: 0.5, high: 0.5 })
  })

  it('sees a small difference that nearly every query has, and none where chance made it', () => {
    const real = pairedDifference(values, values.map(value => value + 0.01 * (random() + 0.1))) // prettier-ignore
    expect(real.p).to.equal(0)
    expect(real.low).to.be.above(0)
    const chance = pairedDifference(values, values.map(value => value + 0.3 * (random() - 0.5))) // prettier-ignore
    expect(chance.p).to.be.above(0.05)
    expect(chance.low).to.be.below(0)
    expect(chance.high).to.be.above(0)
    expect(pairedDifference(values, values)).to.deep.equal({ mean: 0, low: 0, high: 0, p: 1 })
  })
})

describe('the comparison of two runs', () => {
  const result = (retriever: string, query: string, ndcg: number): QueryResult => ({
    retriever,
    query_id: query,
    ndcg_at_10: ndcg,
    recall_at_100: 1,
    mrr_at_10: ndcg,
    milliseconds: 1,
  })

  it('pairs queries of one retriever by id, whatever their order, and leaves out what only one run has', () => {
    const before = [result('bm25', 'a', 0.2), result('bm25', 'b', 0.4), result('dense', 'a', 0.1)]
    const after = [result('bm25', 'b', 0.4), result('bm25', 'a', 0.4), result('bm25', 'c', 1)]
    const [ndcg, recall, mrr, ...more] = compare(before, after)
    expect(ndcg).to.deep.include({ retriever: 'bm25', measure: 'ndcg_at_10', queries: 2, better: 1, worse: 0 })
    expect(ndcg!.before).to.be.closeTo(0.3, 1e-12)
    expect(ndcg!.difference.mean).to.be.closeTo(0.1, 1e-12)
    expect(recall!.difference).to.deep.equal({ mean: 0, low: 0, high: 0, p: 1 })
    expect([mrr!.measure, more.length]).to.deep.equal(['mrr_at_10', 0])
    expect(comparisonTable([ndcg!])).to.contain('+0.1000')
  })
})
