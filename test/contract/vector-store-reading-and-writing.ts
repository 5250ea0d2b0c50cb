import { expect } from 'chai'
import { describe, it } from 'mocha'
import { DimensionMismatch, type VectorPoint } from '../../api/stores/vectors/vector-store.ts'
import { rejection } from '../support/rejection.ts'
import { storeFixture } from './store-fixture.ts'
import { axis, idOf, lexicalSpec, point } from './vector-store-points.ts'
import type { OpenStore } from './vector-store.ts'

const all = { all: true } as const

function stored(written: VectorPoint): Omit<VectorPoint, 'dense' | 'sparse'> {
  const { dense: _dense, sparse: _sparse, ...rest } = written
  return rest
}

/** As float32, which is what stores keep. */
function rounded(written: VectorPoint) {
  const { dense, sparse } = written
  const values = sparse.values.map(Math.fround)
  return { ...written, ...(dense && { dense: Array.from(dense, Math.fround) }), sparse: { ...sparse, values } }
}

export function describePoints(open: OpenStore): void {
  describe('reading and writing', () => {
    const fixture = storeFixture(open)

    it('gives back what was written', async () => {
      const scope = fixture.scope('back')
      const written = point('unicode', {
        text: 'naïve “quotes” \\ 数据库 🎉 e\u0301\n\ttab',
        metadata: { z: 1, a: { ключ: [null, true, 1.5, { deep: '深' }] }, empty: [], none: null, 'it\'s "x"': '%_\\' },
      })
      await fixture.store.upsert(scope, [written])
      expect(await fixture.store.get(scope, [written.id])).to.deep.equal([stored(written)])
    })

    it('gives dense vectors by id, of the scope only', async () => {
      const scope = fixture.scope('vectors')
      const { dense: _, ...lexical } = point('no vector')
      await fixture.store.upsert(scope, [point('with', { dense: axis(2) }), lexical])
      const ids = ['with', 'no vector', 'missing'].map(idOf)
      const found = await fixture.store.embeddings(scope, ids)
      expect([...found.keys()]).to.deep.equal([idOf('with')])
      expect(Array.from(found.get(idOf('with'))!)).to.deep.equal(Array.from(axis(2)))
      expect((await fixture.store.embeddings(fixture.scope('strangers'), ids)).size).to.equal(0)
      expect((await fixture.store.embeddings(scope, [])).size).to.equal(0)
    })

    it('overwrites a point that has the same id, wholly', async () => {
      const scope = fixture.scope('overwrite')
      await fixture.store.upsert(scope, [point('same', { metadata: { old: 1, n: 5 } })])
      const second = point('same', { text: 'new', metadata: { fresh: 2 }, dense: axis(3), sparse: { indices: [9], values: [2] } }) // prettier-ignore
      await fixture.store.upsert(scope, [second])
      expect(await fixture.store.count(scope, all)).to.equal(1)
      expect(await fixture.store.get(scope, [second.id])).to.deep.equal([stored(second)])
      const [dense, old] = await fixture.store.search(scope, {
        legs: [
          { using: 'dense', vector: axis(3), limit: 1 },
          { using: 'sparse', vector: { indices: [1], values: [1] }, limit: 1 },
        ],
      })
      expect(dense?.[0]?.score).to.be.closeTo(1, 1e-6)
      expect(old).to.deep.equal([])
      const stale = await fixture.store.search(scope, {
        legs: [{ using: 'dense', vector: axis(3), limit: 1 }],
        filter: {
          or: [
            { field: 'old', op: 'exists', value: true },
            { field: 'n', op: 'gte', value: 0 },
          ],
        },
      })
      expect(stale).to.deep.equal([[]])
    })

    it('takes Float32Array and lists alike, points without dense vectors and points without terms', async () => {
      const scope = fixture.scope('kinds')
      const { dense: _, ...lexical } = point('lexical')
      await fixture.store.upsert(scope, [
        point('float', { dense: Float32Array.from(axis(2)) }),
        point('wordless', { sparse: { indices: [], values: [] } }),
        lexical,
      ])
      const [dense, sparse] = await fixture.store.search(scope, {
        legs: [
          { using: 'dense', vector: Float32Array.from(axis(2)), limit: 5 },
          { using: 'sparse', vector: { indices: [1], values: [1] }, limit: 5 },
        ],
      })
      expect(dense?.map(({ text }) => text)).to.deep.equal(['float', 'wordless'])
      expect(sparse?.map(({ text }) => text)).to.have.members(['float', 'lexical'])
    })

    it('writes and reads more points than fit one batch', async () => {
      const scope = fixture.scope('many')
      const points = Array.from({ length: 1100 }, (_, position) =>
        point(`many ${position}`, { position, documentId: `document-${position % 2}` }),
      )
      await fixture.store.upsert(scope, points)
      expect(await fixture.store.count(scope, all)).to.equal(1100)
      const ids = points.map(({ id }) => id)
      const read = await fixture.store.get(scope, [...ids, ...ids.slice(0, 5), idOf('nobody')])
      expect(read.map(({ documentId, position }) => [documentId, position])).to.deep.equal(
        points.map(({ documentId, position }) => [documentId, position]).sort(([a = '', n = 0], [b = '', m = 0]) => (a === b ? +n - +m : a < b ? -1 : 1)), // prettier-ignore
      )
    }).timeout(60_000)

    it('writes nothing when there is nothing to write', async () => {
      const scope = fixture.scope('nothing')
      await fixture.store.upsert(scope, [])
      await fixture.store.updateSparse(scope, new Map())
      await fixture.store.delete(scope, { ids: [] })
      expect(await fixture.store.get(scope, [])).to.deep.equal([])
      expect(await fixture.store.count(scope, { ids: [] })).to.equal(0)
      expect(await fixture.store.count(scope, all)).to.equal(0)
    })

    it('counts and deletes by document, by ids and all', async () => {
      const scope = fixture.scope('selectors')
      const names = ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']
      await fixture.store.upsert(
        scope,
        names.map((name, position) => point(name, { documentId: name.slice(0, 1), position })),
      )
      const left = async () => (await fixture.store.get(scope, names.map(idOf))).map(({ text }) => text)
      expect(await fixture.store.count(scope, { documentId: 'a' })).to.equal(3)
      expect(await fixture.store.count(scope, { documentId: 'a', exceptIds: [idOf('a1')] })).to.equal(2)
      expect(await fixture.store.count(scope, { ids: [idOf('a1'), idOf('c1'), idOf('nobody')] })).to.equal(2)

      await fixture.store.delete(scope, { documentId: 'a', exceptIds: [idOf('a2'), idOf('b1')] })
      expect(await left()).to.deep.equal(['a2', 'b1', 'b2', 'c1'])
      await fixture.store.delete(scope, { documentId: 'b', exceptIds: [] })
      expect(await left()).to.deep.equal(['a2', 'c1'])
      await fixture.store.delete(scope, { ids: [idOf('c1'), idOf('nobody')] })
      expect(await left()).to.deep.equal(['a2'])
      await fixture.store.delete(scope, all)
      await fixture.store.delete(scope, all)
      expect(await left()).to.deep.equal([])
    })

    it('counts the points of each document, of the scope and no other', async () => {
      const scope = fixture.scope('by-document')
      const points = [point('one', { documentId: 'd1' }), point('two', { documentId: 'd1' }), point('three', { documentId: 'd2' })] // prettier-ignore
      await fixture.store.upsert(scope, points)
      await fixture.store.upsert(fixture.scope('by-document-elsewhere'), [point('four', { documentId: 'd3' })])
      expect([...(await fixture.store.countByDocument(scope))].sort()).to.deep.equal([['d1', 2], ['d2', 1]]) // prettier-ignore
      expect([...(await fixture.store.countByDocument(fixture.scope('by-document-nobody')))]).to.deep.equal([])
    })

    it('replaces sparse vectors and leaves the rest of the point alone', async () => {
      const scope = fixture.scope('sparse')
      const written = point('kept', { metadata: { lang: 'en' } })
      await fixture.store.upsert(scope, [written, point('emptied')])
      await fixture.store.updateSparse(
        scope,
        new Map([
          [idOf('kept'), { indices: [7, 2 ** 29 - 1], values: [0.5, 2] }],
          [idOf('emptied'), { indices: [], values: [] }],
          [idOf('nobody'), { indices: [7], values: [1] }],
        ]),
      )
      const [fresh, old, dense] = await fixture.store.search(scope, {
        legs: [
          { using: 'sparse', vector: { indices: [7, 2 ** 29 - 1], values: [1, 1] }, limit: 5 },
          { using: 'sparse', vector: { indices: [1], values: [1] }, limit: 5 },
          { using: 'dense', vector: axis(0), limit: 5 },
        ],
      })
      expect(fresh?.map(({ text, score }) => [text, score])).to.deep.equal([['kept', 2.5]])
      expect(old).to.deep.equal([])
      expect(dense).to.have.length(2)
      expect(await fixture.store.get(scope, [idOf('kept'), idOf('nobody')])).to.deep.equal([stored(written)])
    })

    it('refuses vectors of another length and stores none of them', async () => {
      const scope = fixture.scope('dimension')
      const error = await rejection(fixture.store.upsert(scope, [point('short', { dense: [1, 0, 0] })]))
      expect(error).to.be.instanceOf(DimensionMismatch)
      expect(error.message).to.contain('holds vectors of 8 dimensions, the embedding has 3')
      expect(await fixture.store.count(scope, all)).to.equal(0)
      const search = fixture.store.search(scope, { legs: [{ using: 'dense', vector: [1], limit: 1 }] })
      expect(await rejection(search)).to.be.instanceOf(DimensionMismatch)
    })

    it('gives whole points page by page, in the order of their ids, and nobody else’s', async () => {
      const scope = fixture.scope('paged')
      const written = Array.from({ length: 7 }, (_, index) =>
        point(`paged ${index}`, {
          knowledgeBaseId: index === 6 ? 'kb-2' : 'kb-1',
          metadata: { index },
          dense: axis(index),
          sparse: index === 0 ? { indices: [], values: [] } : { indices: [0, index + 1, 2 ** 29 - 1], values: [0.1, 2, Math.fround(1 / 3)] }, // prettier-ignore
        }),
      ).sort((a, b) => (a.id < b.id ? -1 : 1))
      await fixture.store.upsert(scope, written)
      await fixture.store.upsert(fixture.scope('paged too'), [point('of another tenant')])
      const pages = []
      for (let after: string | null = null; ;) {
        const page: VectorPoint[] = await fixture.store.page(scope, { after, limit: 3 })
        pages.push(page)
        if (page.length < 3) break
        after = page.at(-1)!.id
      }
      expect(pages.map(({ length }) => length)).to.deep.equal([3, 3, 1])
      expect(pages.flat().map(rounded)).to.deep.equal(written.map(rounded))
      const narrow = await fixture.store.page(fixture.scope('paged', ['kb-2']), { after: null, limit: 9 })
      expect(narrow.map(({ text }) => text)).to.deep.equal(['paged 6'])
      expect(await fixture.store.page(fixture.scope('paged', []), { after: null, limit: 9 })).to.deep.equal([])
      const gone = written[2]!
      await fixture.store.delete(scope, { ids: [gone.id] })
      const rest = await fixture.store.page(scope, { after: gone.id, limit: 9 })
      expect(
        rest.map(({ id }) => id),
        'after an id that is gone',
      ).to.deep.equal(written.slice(3).map(({ id }) => id))
    })

    it('refuses to write outside its scope', async () => {
      const error = await rejection(fixture.store.upsert(fixture.scope('outside', ['kb-2']), [point('x')]))
      expect(error).to.be.instanceOf(RangeError)
      expect(await fixture.store.count(fixture.scope('outside'), all)).to.equal(0)
    })
  })

  describe('a collection without dense vectors', () => {
    const fixture = storeFixture(open, lexicalSpec())

    it('finds by words, and refuses dense vectors', async () => {
      const scope = fixture.scope('lexical')
      const { dense: _, ...wordsOnly } = point('words')
      await fixture.store.upsert(scope, [wordsOnly])
      const legs = [{ using: 'sparse', vector: { indices: [1], values: [2] }, limit: 3 }] as const
      const [found] = await fixture.store.search(scope, { legs })
      expect(found?.map(({ text, score }) => [text, score])).to.deep.equal([['words', 2]])
      expect((await fixture.store.collections.describe(fixture.collection))?.dense).to.equal(null)
      expect(await rejection(fixture.store.upsert(scope, [point('dense')]))).to.be.instanceOf(DimensionMismatch)
      const dense = fixture.store.search(scope, { legs: [{ using: 'dense', vector: axis(0), limit: 1 }] })
      expect(await rejection(dense)).to.be.instanceOf(DimensionMismatch)
      expect((await fixture.store.embeddings(scope, [idOf('words')])).size).to.equal(0)
      expect(await fixture.store.count(scope, all)).to.equal(1)
    })
  })
}
