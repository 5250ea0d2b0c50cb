import { expect } from 'chai'
import { after, before, describe, it } from 'mocha'
import { VectorScope } from '../../api/stores/vectors/vector-scope.ts'
import { showTuning } from '../../api/stores/vectors/tuning.ts'
import { CollectionMissing, payloadIndexes, type VectorStore } from '../../api/stores/vectors/vector-store.ts'
import { rejection } from '../support/rejection.ts'
import { DIMENSION, point, spec, uniquePrefix } from './vector-store-points.ts'
import type { OpenStore } from './vector-store.ts'

export function describeCollections(open: OpenStore): void {
  describe('collections', () => {
    const prefix = uniquePrefix()
    let store: VectorStore
    before(async function () {
      store = await open(this)
    })
    after(async () => {
      if (!store) return
      for (const name of await store.collections.list(prefix)) await store.collections.delete(name)
      await store.close()
    })

    it('says that it answers', async () => {
      expect(await store.ping()).to.match(/^(qdrant|pgvector)\b/)
    })

    it('gives back what a collection was made with', async () => {
      const name = `${prefix}_made_g1`
      await store.collections.create(name, spec())
      const { hnsw, ...rest } = showTuning(spec())
      const tuning = store.engine === 'qdrant' ? { hnsw, ...rest } : { hnsw }
      expect(await store.collections.describe(name)).to.deep.equal({
        name,
        dense: { dimension: DIMENSION, distance: 'cosine' },
        sparse: true,
        tuning,
        tunedTo: tuning,
        tenancy: 'shared',
        owner: { cluster: 'cluster-1', uid: 'uid-1', name: 'RagPipeline/default/demo' },
        fingerprint: '0123456789abcdef',
        indexes: [...payloadIndexes].sort(),
        wrongIndexes: {},
        points: 0,
      })
    })

    for (const distance of ['dot', 'euclid'] as const)
      it(`knows dedicated collections with ${distance} distance`, async () => {
        const name = `${prefix}_${distance}_g1`
        await store.collections.create(name, spec({ tenancy: 'dedicated', dense: { dimension: 3, distance } }))
        const state = await store.collections.describe(name)
        expect(state?.dense).to.deep.equal({ dimension: 3, distance })
        expect(state?.tenancy).to.equal('dedicated')
        expect(state?.tuning.hnsw).to.equal('m 16, efConstruct 100, fullScanThreshold 10000')
      })

    it('takes other words for nothing there', async () => {
      expect(await store.collections.describe(`${prefix}_none`)).to.equal(null)
      expect(await store.collections.resolve(`${prefix}_none`)).to.equal(null)
      expect(await store.collections.list(`${prefix}_none`)).to.deep.equal([])
    })

    it('creates, points, indexes and deletes as often as it is told to', async () => {
      const name = `${prefix}_again_g1`
      for (let time = 0; time < 2; time++) {
        await store.collections.create(name, spec())
        for (const index of payloadIndexes) await store.collections.createIndex(name, index, 'shared')
        await store.collections.setAlias(`${prefix}_again`, name)
      }
      expect((await store.collections.describe(name))?.indexes).to.deep.equal([...payloadIndexes].sort())
      for (let time = 0; time < 2; time++) {
        await store.collections.deleteAlias(`${prefix}_again`)
        await store.collections.delete(name)
      }
      expect(await store.collections.describe(name)).to.equal(null)
    })

    it('creates at the same time from two sides', async () => {
      const name = `${prefix}_twice_g1`
      await Promise.all([store.collections.create(name, spec()), store.collections.create(name, spec())])
      expect((await store.collections.describe(name))?.indexes).to.have.length(payloadIndexes.length)
    })

    it("does not take over another owner's collection", async () => {
      const name = `${prefix}_foreign_g1`
      await store.collections.create(name, spec())
      const other = spec({ owner: { cluster: 'cluster-1', uid: 'uid-2' } })
      const error = await rejection(store.collections.create(name, other))
      expect(error.message).to.match(/already exists|exists already/)
      expect((await store.collections.describe(name))?.owner?.uid).to.equal('uid-1')
    })

    it('changes the owner and leaves the fingerprint alone', async () => {
      const name = `${prefix}_owned_g1`
      await store.collections.create(name, spec())
      await store.collections.setOwner(name, { cluster: 'cluster-2', uid: 'uid-9' })
      const state = await store.collections.describe(name)
      expect(state?.owner).to.deep.equal({ cluster: 'cluster-2', uid: 'uid-9' })
      expect(state?.fingerprint).to.equal('0123456789abcdef')
    })

    for (const tenancy of ['shared', 'dedicated'] as const)
      it(`changes the graph of a ${tenancy} collection and keeps its tenancy`, async () => {
        const name = `${prefix}_graph_${tenancy}_g1`
        await store.collections.create(name, spec({ tenancy }))
        await store.collections.tune(name, { hnsw: { m: 24, efConstruct: 64, fullScanThreshold: 500 } }, 'hnsw')
        const state = await store.collections.describe(name)
        expect(state?.tuning.hnsw).to.equal('m 24, efConstruct 64, fullScanThreshold 500')
        expect(state?.tunedTo?.hnsw).to.equal(state?.tuning.hnsw)
        expect(state?.tenancy).to.equal(tenancy)
      })

    it('moves an alias from one generation to the next', async () => {
      const alias = `${prefix}_moved`
      for (const generation of [1, 2]) await store.collections.create(`${alias}_g${generation}`, spec())
      await store.collections.setAlias(alias, `${alias}_g1`)
      const scope = new VectorScope(alias, 'tenant', 'all')
      await store.upsert(scope, [point('old')])
      expect(await store.collections.resolve(alias)).to.equal(`${alias}_g1`)
      expect((await store.collections.describe(alias))?.name).to.equal(`${alias}_g1`)
      expect((await store.collections.describe(alias))?.points).to.equal(1)

      await store.collections.setAlias(alias, `${alias}_g2`)
      expect(await store.collections.resolve(alias)).to.equal(`${alias}_g2`)
      expect(await store.count(scope, { all: true })).to.equal(0)
      expect(await store.collections.list(alias)).to.deep.equal([`${alias}_g1`, `${alias}_g2`])
    })

    it('searches where the alias points now, also when it has just searched elsewhere', async () => {
      const alias = `${prefix}_searched`
      const scope = new VectorScope(alias, 'tenant', 'all')
      const find = async () => {
        const legs = [{ using: 'dense', vector: point('any').dense!, limit: 10 } as const]
        return (await store.search(scope, { legs }))[0]?.map(({ text }) => text)
      }
      for (const generation of [1, 2]) {
        const name = `${alias}_g${generation}`
        await store.collections.create(name, spec())
        await store.upsert(new VectorScope(name, 'tenant', 'all'), [point(`in ${generation}`)])
      }
      for (const generation of [1, 2, 1]) {
        await store.collections.setAlias(alias, `${alias}_g${generation}`)
        expect([await find(), await find()]).to.deep.equal([[`in ${generation}`], [`in ${generation}`]])
      }
      await store.collections.setAlias(alias, `${alias}_g2`)
      await store.collections.delete(`${alias}_g1`)
      expect(await find()).to.deep.equal(['in 2'])
      await store.collections.delete(`${alias}_g2`)
      expect(await rejection(find())).to.be.instanceOf(CollectionMissing)
    })

    it('deletes a collection with its aliases', async () => {
      const alias = `${prefix}_gone`
      await store.collections.create(`${alias}_g1`, spec())
      await store.collections.setAlias(alias, `${alias}_g1`)
      await store.collections.delete(`${alias}_g1`)
      expect(await store.collections.resolve(alias)).to.equal(null)
      expect(await store.collections.describe(alias)).to.equal(null)
    })

    it('does not delete a collection by its alias', async () => {
      const alias = `${prefix}_safe`
      await store.collections.create(`${alias}_g1`, spec())
      await store.collections.setAlias(alias, `${alias}_g1`)
      await store.collections.delete(alias)
      expect((await store.collections.describe(`${alias}_g1`))?.name).to.equal(`${alias}_g1`)
    })

    it('refuses to work on a collection that is not there', async () => {
      const name = `${prefix}_absent`
      const scope = new VectorScope(name, 'tenant', 'all')
      const calls = [
        store.collections.createIndex(name, 'kb_id', 'shared'),
        store.collections.tune(name, spec(), 'hnsw'),
        store.collections.replaceIndex(name, 'kb_id', 'shared'),
        store.collections.setOwner(name, spec().owner),
        store.collections.setAlias(`${prefix}_alias`, name),
        store.upsert(scope, [point('a')]),
        store.search(scope, { legs: [{ using: 'sparse', vector: { indices: [1], values: [1] }, limit: 1 }] }),
        store.get(scope, [point('a').id]),
        store.count(scope, { all: true }),
        store.delete(scope, { all: true }),
        store.updateSparse(scope, new Map([[point('a').id, { indices: [], values: [] }]])),
      ]
      for (const error of await Promise.all(calls.map(rejection))) {
        expect(error).to.be.instanceOf(CollectionMissing)
        expect((error as CollectionMissing).collection).to.equal(name)
      }
    })

    it('keeps names of any length apart', async () => {
      const long = `${prefix}_${'x'.repeat(100)}`
      await store.collections.create(`${long}_g1`, spec())
      await store.collections.create(`${long}_g2`, spec())
      const scope = (name: string) => new VectorScope(name, 'tenant', 'all')
      await store.upsert(scope(`${long}_g1`), [point('a')])
      expect(await store.count(scope(`${long}_g1`), { all: true })).to.equal(1)
      expect(await store.count(scope(`${long}_g2`), { all: true })).to.equal(0)
    })
  })
}
