import { expect } from 'chai'
import fc from 'fast-check'
import { before, describe, it } from 'mocha'
import type { MetadataFilter, Scalar } from '../../api/stores/vectors/metadata-filter.ts'
import type { PointSelector, VectorPoint } from '../../api/stores/vectors/vector-store.ts'
import { matches } from './filter-model.ts'
import { storeFixture } from './store-fixture.ts'
import { axis, idOf, point } from './vector-store-points.ts'
import type { OpenStore } from './vector-store.ts'

const tenants = ['tenant-a', 'tenant-b', "tenant-c' OR true --"]
const knowledgeBases = ['kb-1', 'kb-2', 'kb-3']
const documents = ['document-1', 'document-2']

/** Few values, so that conditions meet metadata often. */
const scalar: fc.Arbitrary<Scalar> = fc.constantFrom<Scalar>(0, 1, 2.5, -1, 'a', 'b c', 'B', '1', true, false, '2024-01-02', '2024-01-02T03:04:05Z') // prettier-ignore
const field = fc.constantFrom('x', 'y', 'x.y', 'y.z.w')
const value = fc.letrec(tie => ({
  value: fc.oneof({ maxDepth: 2 }, scalar, fc.constant(null), fc.array(tie('value'), { maxLength: 2 }), fc.dictionary(fc.constantFrom('y', 'z', 'w'), tie('value'), { maxKeys: 2, noNullPrototype: true })), // prettier-ignore
})).value
const metadata = fc.dictionary(fc.constantFrom('x', 'y', 'x.y'), value, { maxKeys: 3, noNullPrototype: true })

const condition: fc.Arbitrary<MetadataFilter> = fc.oneof(
  fc.record({ field, op: fc.constantFrom('eq', 'ne', 'contains'), value: scalar }),
  fc.record({ field, op: fc.constantFrom('in', 'nin'), value: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ field, op: fc.constantFrom('gt', 'gte', 'lt', 'lte'), value: fc.constantFrom<number | string>(0, 1, 2.5, '2024-01-02', '2024-01-03T00:00:00Z') }), // prettier-ignore
  fc.record({ field, op: fc.constant('exists'), value: fc.boolean() }),
)
const filter: fc.Arbitrary<MetadataFilter> = fc.letrec<{ filter: MetadataFilter }>(tie => ({
  filter: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'filter' },
    condition,
    fc.record({ and: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ not: tie('filter') }),
  ),
})).filter

interface Owned {
  readonly tenant: string
  readonly point: VectorPoint
}

export function describeIsolation(open: OpenStore): void {
  describe('isolation', () => {
    const fixture = storeFixture(open)
    // The same in every run: what is random in the tests is what they ask.
    const owned: Owned[] = fc.sample(metadata, { numRuns: 120, seed: 7 }).map((sample, i) => ({
      tenant: tenants[i % 3] ?? '',
      point: point(`isolated ${i}`, {
        knowledgeBaseId: knowledgeBases[Math.floor(i / 3) % 3] ?? '',
        documentId: documents[Math.floor(i / 9) % 2] ?? '',
        metadata: sample,
        position: i,
      }),
    }))
    const byTenant = (tenant: string) => owned.filter(one => one.tenant === tenant).map(one => one.point)

    before(async () => {
      for (const tenant of tenants) await fixture.store.upsert(fixture.scope(tenant), byTenant(tenant))
    })

    const scopes = fc.record({
      tenant: fc.constantFrom(...tenants, 'tenant-d'),
      kbs: fc.option(fc.subarray([...knowledgeBases, 'kb-none']), { nil: 'all' as const }),
    })
    const inScope = ({ tenant, kbs }: { tenant: string; kbs: 'all' | string[] }) =>
      byTenant(tenant).filter(one => kbs === 'all' || kbs.includes(one.knowledgeBaseId))

    it('finds what the model finds, for any scope and filter', async () => {
      await fc.assert(
        fc.asyncProperty(scopes, filter, async (asked, given) => {
          const found = await fixture.store.search(fixture.scope(asked.tenant, asked.kbs), {
            legs: [
              { using: 'dense', vector: axis(0), limit: 200 },
              { using: 'sparse', vector: { indices: [1], values: [1] }, limit: 200 },
            ],
            filter: given,
          })
          const wanted = inScope(asked).filter(one => matches(one.metadata, given)).map(one => one.text).sort() // prettier-ignore
          for (const leg of found) expect(leg.map(({ text }) => text).sort()).to.deep.equal(wanted)
        }),
        { numRuns: 250, endOnFailure: true },
      )
    }).timeout(60_000)

    const selectors: fc.Arbitrary<PointSelector> = fc.oneof(
      fc.constant({ all: true } as const),
      fc.record({ documentId: fc.constantFrom(...documents), exceptIds: fc.subarray(owned.map(one => one.point.id), { maxLength: 20 }) }), // prettier-ignore
      fc.record({ ids: fc.subarray(owned.map(one => one.point.id)) }),
    )

    it('counts and gives what is in the scope, and nothing of anybody else', async () => {
      await fc.assert(
        fc.asyncProperty(scopes, selectors, async (asked, selector) => {
          const scope = fixture.scope(asked.tenant, asked.kbs)
          const wanted = inScope(asked).filter(one => selects(selector, one))
          expect(await fixture.store.count(scope, selector)).to.equal(wanted.length)
          const everything = owned.map(one => one.point.id)
          const given = await fixture.store.get(scope, 'ids' in selector ? selector.ids : everything)
          const visible = inScope(asked).filter(one => !('ids' in selector) || selects(selector, one))
          expect(given.map(({ id }) => id).sort()).to.deep.equal(visible.map(({ id }) => id).sort())
        }),
        { numRuns: 100, endOnFailure: true },
      )
    }).timeout(60_000)

    it("leaves other tenants' and knowledge bases' points alone when it deletes and updates", async () => {
      const mine = fixture.scope('mine', ['kb-1'])
      const names = ['mine kb-1', 'mine kb-2', 'theirs kb-1']
      const write = async (name: string, tenant: string, knowledgeBaseId: string) =>
        fixture.store.upsert(fixture.scope(tenant), [point(name, { knowledgeBaseId })])
      const rest = async () => [
        ...(await fixture.store.get(fixture.scope('mine'), names.map(idOf))),
        ...(await fixture.store.get(fixture.scope('theirs'), names.map(idOf))),
      ]
      const selections: PointSelector[] = [{ all: true }, { documentId: 'document-1' }, { ids: names.map(idOf) }]
      for (const selector of selections) {
        await write('mine kb-1', 'mine', 'kb-1')
        await write('mine kb-2', 'mine', 'kb-2')
        await write('theirs kb-1', 'theirs', 'kb-1')
        await fixture.store.updateSparse(mine, new Map(names.map(name => [idOf(name), { indices: [99], values: [1] }])))
        const updated = { legs: [{ using: 'sparse', vector: { indices: [99], values: [1] }, limit: 9 }] } as const
        expect((await fixture.store.search(fixture.scope('mine'), updated))[0]?.map(({ text }) => text)).to.deep.equal(['mine kb-1']) // prettier-ignore
        expect(await fixture.store.search(fixture.scope('theirs'), updated)).to.deep.equal([[]])
        await fixture.store.delete(mine, selector)
        expect((await rest()).map(({ text }) => text)).to.deep.equal(['mine kb-2', 'theirs kb-1'])
      }
    })
  })
}

function selects(selector: PointSelector, one: VectorPoint): boolean {
  if ('all' in selector) return true
  if ('ids' in selector) return selector.ids.includes(one.id)
  return one.documentId === selector.documentId && !(selector.exceptIds ?? []).includes(one.id)
}
