import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type ScoredPoint, type VectorPoint, VectorStoreUnavailable } from '../../api/stores/vectors/vector-store.ts'
import { rejection } from '../support/rejection.ts'
import { storeFixture } from './store-fixture.ts'
import { filterCases, shelf } from './vector-store-filters.ts'
import { axis, dot, idOf, point, randomSparse, randomUnit, sparseDot, spec } from './vector-store-points.ts'
import type { OpenStore } from './vector-store.ts'
import { seededRandom } from '../support/random.ts'

export function describeSearch(open: OpenStore): void {
  describe('search', () => {
    const fixture = storeFixture(open)

    describe('over random points', () => {
      const random = seededRandom(42)
      const points = Array.from({ length: 400 }, (_, i) =>
        point(`random ${i}`, {
          knowledgeBaseId: `kb-${i % 3}`,
          dense: randomUnit(random),
          sparse: randomSparse(random),
          metadata: { n: i },
        }),
      )
      before(() => fixture.store.upsert(fixture.scope('random'), points))

      /** The right answer, computed here. */
      const best = (score: (point: VectorPoint) => number, among: readonly VectorPoint[], limit: number) =>
        among
          .map(one => ({ id: one.id, score: score(one) }))
          .sort((a, b) => b.score - a.score)
          .slice(0, limit)

      function expectSame(found: readonly ScoredPoint[] | undefined, wanted: readonly { id: string; score: number }[]) {
        expect(found?.map(({ id }) => id)).to.deep.equal(wanted.map(({ id }) => id))
        for (const [i, { score }] of (found ?? []).entries()) expect(score).to.be.closeTo(wanted[i]?.score ?? NaN, 1e-4)
      }

      it('finds the nearest by dense vector, in order, with their cosine', async () => {
        for (let round = 0; round < 10; round++) {
          const vector = randomUnit(random)
          const [found] = await fixture.store.search(fixture.scope('random'), {
            legs: [{ using: 'dense', vector, limit: 10 }],
          })
          expectSame(found, best(one => dot(one.dense ?? [], vector), points, 10)) // prettier-ignore
        }
      })

      it('finds the best by sparse vector, in order, with their dot product', async () => {
        for (let round = 0; round < 10; round++) {
          const vector = randomSparse(random)
          const [found] = await fixture.store.search(fixture.scope('random'), {
            legs: [{ using: 'sparse', vector, limit: 400 }],
          })
          const hits = points.filter(one => sparseDot(one.sparse, vector) > 0)
          expectSame(found, best(one => sparseDot(one.sparse, vector), hits, 400)) // prettier-ignore
        }
      })

      it('ranks several legs on their own, in their order, inside the scope and the filter', async () => {
        const dense = randomUnit(random)
        const sparse = randomSparse(random)
        const answer = await fixture.store.search(fixture.scope('random', ['kb-0', 'kb-2', 'kb-none']), {
          legs: [
            { using: 'sparse', vector: sparse, limit: 7 },
            { using: 'dense', vector: dense, limit: 5 },
            { using: 'sparse', vector: { indices: [], values: [] }, limit: 5 },
            { using: 'dense', vector: randomUnit(random), limit: 0 },
            { using: 'dense', vector: dense, limit: 2 },
          ],
          filter: { field: 'n', op: 'lt', value: 200 },
        })
        const among = points.slice(0, 200).filter(({ knowledgeBaseId }) => knowledgeBaseId !== 'kb-1')
        const hits = among.filter(one => sparseDot(one.sparse, sparse) > 0)
        expect(answer).to.have.length(5)
        expectSame(answer[0], best(one => sparseDot(one.sparse, sparse), hits, 7)) // prettier-ignore
        expectSame(answer[1], best(one => dot(one.dense ?? [], dense), among, 5)) // prettier-ignore
        expect(answer[2]).to.deep.equal([])
        expect(answer[3]).to.deep.equal([])
        expect(answer[4]).to.deep.equal(answer[1]?.slice(0, 2))
      })
    })

    it('breaks ties by id, at the cut as well', async () => {
      const scope = fixture.scope('ties')
      const names = Array.from({ length: 15 }, (_, i) => `tie ${i}`)
      await fixture.store.upsert(scope, [...names.map(name => point(name)), point('better', { sparse: { indices: [1], values: [3] } })]) // prettier-ignore
      const ids = names.map(idOf).sort()
      const [sparse, dense] = await fixture.store.search(scope, {
        legs: [
          { using: 'sparse', vector: { indices: [1], values: [1] }, limit: 4 },
          { using: 'dense', vector: axis(0), limit: 6 },
        ],
      })
      expect(sparse?.map(({ id }) => id)).to.deep.equal([idOf('better'), ...ids.slice(0, 3)])
      expect(dense?.map(({ id }) => id)).to.deep.equal([...ids, idOf('better')].sort().slice(0, 6))
    })

    it('gives points without their vectors', async () => {
      const scope = fixture.scope('shape')
      await fixture.store.upsert(scope, [point('shape', { metadata: { a: 1 } })])
      const [found] = await fixture.store.search(scope, { legs: [{ using: 'dense', vector: axis(0), limit: 1 }] })
      const { dense: _dense, sparse: _sparse, ...rest } = point('shape', { metadata: { a: 1 } })
      expect(found).to.have.length(1)
      expect({ ...found?.[0], score: 1 }).to.deep.equal({ ...rest, score: 1 })
    })

    it('finds nothing for a scope of no knowledge base', async () => {
      await fixture.store.upsert(fixture.scope('none'), [point('there')])
      const scope = fixture.scope('none', [])
      const legs = [{ using: 'dense', vector: axis(0), limit: 3 }] as const
      expect(await fixture.store.search(scope, { legs })).to.deep.equal([[]])
      expect(await fixture.store.count(scope, { all: true })).to.equal(0)
      expect(await fixture.store.get(scope, [idOf('there')])).to.deep.equal([])
      await fixture.store.delete(scope, { all: true })
      expect(await fixture.store.count(fixture.scope('none'), { all: true })).to.equal(1)
    })

    it('gives up when it is aborted', async () => {
      const request = { legs: [{ using: 'dense', vector: axis(0), limit: 3 }], signal: AbortSignal.abort() } as const
      const error = await rejection(fixture.store.search(fixture.scope('none'), request))
      expect(error).to.be.instanceOf(VectorStoreUnavailable)
    })
  })

  for (const distance of ['dot', 'euclid'] as const)
    describe(`search by ${distance}`, () => {
      const fixture = storeFixture(open, spec({ dense: { dimension: 2, distance }, tenancy: 'dedicated' }))
      it('puts the best first, with the score of that measure', async () => {
        const scope = fixture.scope('measure')
        const vectors = { near: [1, 1], far: [-3, 0], long: [5, 5] }
        await fixture.store.upsert(scope, Object.entries(vectors).map(([name, dense]) => point(name, { dense }))) // prettier-ignore
        const [found] = await fixture.store.search(scope, { legs: [{ using: 'dense', vector: [2, 1], limit: 3 }] })
        const wanted = distance === 'dot' ? { long: 15, near: 3, far: -6 } : { near: 1, long: 5, far: Math.sqrt(26) }
        expect(found?.map(({ text }) => text)).to.deep.equal(Object.keys(wanted))
        for (const [i, score] of Object.values(wanted).entries()) expect(found?.[i]?.score).to.be.closeTo(score, 1e-4)
      })
    })

  describe('metadata filters', () => {
    const fixture = storeFixture(open)
    before(async () => {
      const points = Object.entries(shelf).map(([name, metadata]) => point(name, { metadata }))
      await fixture.store.upsert(fixture.scope('shelf'), points)
      await fixture.store.upsert(fixture.scope('other shelf'), Object.entries(shelf).map(([name, metadata]) => point(`other ${name}`, { metadata }))) // prettier-ignore
    })

    for (const [filter, names] of filterCases)
      it(`${JSON.stringify(filter)} lets ${names.join(', ') || 'nothing'} through`, async () => {
        const found = await fixture.store.search(fixture.scope('shelf'), {
          legs: [
            { using: 'dense', vector: axis(0), limit: 50 },
            { using: 'sparse', vector: { indices: [1], values: [1] }, limit: 50 },
          ],
          filter,
        })
        for (const leg of found) expect(leg.map(({ text }) => text).sort()).to.deep.equal([...names].sort())
      })
  })
}
