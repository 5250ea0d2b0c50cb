import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { clusters } from '../../../api/ingestion/summary-tree/clusters.ts'

const unit = (values: readonly number[]) => {
  const length = Math.hypot(...values) || 1
  return Float32Array.from(values, value => value / length)
}
const vectors = fc.array(
  fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }).map(unit),
  { maxLength: 120, size: 'max' },
)

describe('clusters', () => {
  it('hold every vector once, are small, and never lone where there are several', async () => {
    await fc.assert(
      fc.asyncProperty(vectors, fc.integer({ min: 4, max: 12 }), async (all, most) => {
        const groups = await clusters(all, most)
        expect(groups.flat().sort((a, b) => a - b)).to.deep.equal(all.map((_, position) => position))
        for (const group of groups) {
          expect(group.length).to.be.at.most(most)
          if (all.length > 1) expect(group.length).to.be.at.least(2)
        }
        expect(await clusters(all, most)).to.deep.equal(groups)
      }),
      { numRuns: 100, endOnFailure: true },
    )
  })

  it('keep together what lies together', async () => {
    const around = (axis: number) =>
      Array.from({ length: 8 }, (_, at) => unit([0, 1, 2].map(i => (i === axis ? 1 : 0) + 0.05 * Math.sin(at * 7 + i))))
    // Mixed up: each third vector is of one kind.
    const kinds = [around(0), around(1), around(2)]
    const mixed = Array.from({ length: 24 }, (_, at) => kinds[at % 3]![Math.floor(at / 3)]!)
    const groups = await clusters(mixed, 8)
    expect(groups).to.have.length(3)
    for (const group of groups) expect(new Set(group.map(position => position % 3)).size).to.equal(1)
  })

  it('have an answer for vectors that are all alike', async () => {
    const groups = await clusters(
      Array.from({ length: 50 }, () => unit([1, 0, 0])),
      10,
    )
    for (const group of groups) expect(group.length).to.be.within(2, 10)
  })

  it('take time that grows little faster than the number of vectors', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, at) => unit(Array.from({ length: 64 }, (__, i) => Math.sin(at * 13.7 + i * i))))
    const timed = async (count: number) => {
      const all = many(count)
      const { user } = process.threadCpuUsage()
      await clusters(all, 10)
      return (process.threadCpuUsage().user - user) / 1000
    }
    await timed(500)
    const [small, large] = [await timed(500), await timed(4000)]
    expect(large, `${small} ms, then ${large} ms`).to.be.at.most(small * 24 + 100)
  })
})
