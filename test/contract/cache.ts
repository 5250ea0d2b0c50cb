import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import { beforeEach, describe, it } from 'mocha'
import { Cache, type CacheOutcome } from '../../api/stores/caches/cache.ts'
import { type CacheEntry, type CacheStore, cacheKey } from '../../api/stores/caches/cache-store.ts'

/** What every cache store must do. `open` gives another view on the same values, as another process has (or the same one). */
export function describeCache(name: string, open: () => Promise<CacheStore>): void {
  describe(`the cache in ${name}`, () => {
    let store: CacheStore
    let outcomes: CacheOutcome[]
    let tenantId: string
    let cache: Cache

    beforeEach(async () => {
      store = await open()
      outcomes = []
      tenantId = randomUUID()
      cache = caching(store)
    })

    const caching = (on: CacheStore) =>
      new Cache(on, {
        outcome: (_kind, outcome) => outcomes.push(outcome),
        away: error => {
          throw error
        },
      })
    const entry = (changes: Partial<CacheEntry> = {}): CacheEntry => ({
      kind: 'retrieval',
      tenantId,
      knowledgeBaseIds: ['kb-1', 'kb-2'],
      key: 'question',
      ttlSeconds: 60,
      ...changes,
    })
    const fill = (changes: Partial<CacheEntry> = {}, value = 'value', on = cache) =>
      on.through(entry(changes), async () => value)

    it('computes once, and gives the same afterwards, whatever it is', async () => {
      const value = 'ä 漢字 "quoted" \n\u0000 🎈'
      expect(await fill({}, value)).to.deep.equal({ value, cached: false })
      expect(await fill({}, 'another')).to.deep.equal({ value, cached: true })
      expect(outcomes).to.deep.equal(['miss', 'hit'])
    })

    const differences: [string, Partial<CacheEntry>][] = [
      ['another tenant', { tenantId: randomUUID() }],
      ['another kind', { kind: 'llm' }],
      ['another key', { key: 'other' }],
    ]
    for (const [what, changes] of differences) {
      it(`knows nothing of ${what}`, async () => {
        await fill()
        expect(await fill(changes, 'own')).to.deep.equal({ value: 'own', cached: false })
      })
    }

    it('forgets after its time', async () => {
      await fill({ ttlSeconds: 1 })
      await delay(1100)
      expect(await cache.count({ tenantId })).to.equal(0)
      expect((await fill({}, 'new')).value).to.equal('new')
    })

    it('computes once for all who ask at the same time, here and in other processes', async () => {
      const caches = [cache, caching(store), caching(await open())]
      // In memory, another process has values of its own.
      const shared = store.storage === 'redis' ? 3 : 1
      let computed = 0
      const compute = async () => {
        computed += 1
        await delay(80)
        return `value ${computed}`
      }
      const asked = caches
        .slice(0, shared)
        .flatMap(one => Array.from({ length: 20 }, () => one.through(entry(), compute)))
      const values = (await Promise.all(asked)).map(({ value }) => value)
      expect(new Set(values)).to.deep.equal(new Set(['value 1']))
      expect(computed).to.equal(1)
    })

    it('keeps no failure, and lets the next one try at once', async () => {
      const failing = cache.through(entry(), () => Promise.reject(new Error('busy'))).catch((error: Error) => error.message) // prettier-ignore
      expect(await failing).to.equal('busy')
      const started = performance.now()
      expect(await fill({}, 'well')).to.deep.equal({ value: 'well', cached: false })
      expect(performance.now() - started).to.be.lessThan(1000)
    })

    it('keeps nothing that is not worth it, and gives it to all who wait', async () => {
      const passing = () =>
        cache.through(
          entry(),
          async () => 'passing',
          undefined,
          value => value !== 'passing',
        )
      const asked = await Promise.all([passing(), passing()])
      expect(asked.map(({ value }) => value)).to.deep.equal(['passing', 'passing'])
      expect(await fill({}, 'well')).to.deep.equal({ value: 'well', cached: false })
      expect((await fill({}, 'other')).value).to.equal('well')
    })

    it('goes on for those who wait when one gives up, and stops when all have', async () => {
      const [one, other] = [new AbortController(), new AbortController()]
      let work: AbortSignal | undefined
      const compute = (signal: AbortSignal) => {
        work = signal
        return new Promise<string>((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
          setTimeout(resolve, 150, 'value')
        })
      }
      const first = cache.through(entry(), compute, one.signal).catch(() => 'gave up')
      const second = cache.through(entry(), compute, other.signal)
      await delay(50)
      one.abort()
      expect(await first).to.equal('gave up')
      expect((await second).value).to.equal('value')
      const alone = cache.through(entry({ key: 'alone' }), compute, other.signal).catch(() => 'gave up')
      await delay(50)
      other.abort()
      expect(await alone).to.equal('gave up')
      expect(work?.aborted).to.equal(true)
    })

    it('purges what was made of a knowledge base, and counts exactly', async () => {
      await fill({ key: 'both' })
      await fill({ key: 'first', knowledgeBaseIds: ['kb-1'] })
      await fill({ key: 'second', knowledgeBaseIds: ['kb-2'] })
      await fill({ key: 'none', knowledgeBaseIds: [], kind: 'embedding' })
      const counts = async () => [
        await cache.count({ tenantId }),
        await cache.count({ tenantId, knowledgeBaseId: 'kb-1' }),
        await cache.count({ tenantId, knowledgeBaseId: 'kb-2' }),
      ]
      expect(await counts()).to.deep.equal([4, 2, 2])
      expect(await cache.purge({ tenantId, knowledgeBaseId: 'kb-1' })).to.equal(2)
      expect(await counts()).to.deep.equal([2, 0, 1])
      expect((await fill({ key: 'both' }, 'again')).cached).to.equal(false)
      expect((await fill({ key: 'second' })).cached).to.equal(true)
    })

    it('purges a tenant and no other', async () => {
      const other = randomUUID()
      await fill()
      await fill({ tenantId: other })
      expect(await cache.purge({ tenantId })).to.equal(1)
      expect([await cache.count({ tenantId }), await cache.count({ tenantId: other })]).to.deep.equal([0, 1])
      expect(await cache.purge({ tenantId })).to.equal(0)
    })

    it('knows whose values it holds', async () => {
      const other = randomUUID()
      await fill()
      await fill({ tenantId: other, knowledgeBaseIds: [] })
      expect(await cache.tenants()).to.include.members([tenantId, other])
      await cache.purge({ tenantId })
      const left = await cache.tenants()
      expect(left).to.include(other).and.not.include(tenantId)
      expect(left.every(id => !id.includes('/'))).to.equal(true)
    })

    it('does not keep what was begun before a purge', async () => {
      for (const owner of [{ tenantId }, { tenantId, knowledgeBaseId: 'kb-2' }]) {
        const begun = Promise.withResolvers<void>()
        const end = Promise.withResolvers<string>()
        const making = cache.through(entry(), async () => {
          begun.resolve()
          return end.promise
        })
        await begun.promise
        await cache.purge(owner)
        end.resolve('of deleted documents')
        expect((await making).value).to.equal('of deleted documents')
        expect(await cache.count({ tenantId })).to.equal(0)
        expect(await fill({}, 'of what is there')).to.deep.equal({ value: 'of what is there', cached: false })
        await cache.purge({ tenantId })
      }
    })

    it('lets a stream fill an entry, once', async () => {
      const { ticket } = await cache.lookup(entry())
      await ticket?.keep('streamed')
      expect(await cache.lookup(entry())).to.deep.equal({ value: 'streamed', ticket: null })
    })
  })

  describe('the key of a cache', () => {
    it('is the same for fields in another order, and another for anything else', () => {
      const key = cacheKey(['a', { b: 1, c: { d: [1, 2], e: null } }])
      expect(cacheKey(['a', { c: { e: null, d: [1, 2] }, b: 1 }])).to.equal(key)
      for (const other of [
        ['a', { b: 1 }],
        ['a', { b: 1, c: { d: [2, 1], e: null } }],
        ['a', { b: '1', c: { d: [1, 2], e: null } }],
      ])
        // prettier-ignore
        expect(cacheKey(other)).to.not.equal(key)
    })
  })
}
