import { expect } from 'chai'
import { describe, it } from 'mocha'
import {
  LexicalStatisticsCache,
  type LoadStatistics,
  type StatisticsRow,
} from '../../../api/retrieval/lexical-statistics-cache.ts'
import { LexicalStatistics, forSearch, pooled } from '../../../api/retrieval/lexical-statistics.ts'
import { TenantScope } from '../../../api/stores/postgres/tenant-scope.ts'
import { eventually } from '../../support/eventually.ts'

const acme = new TenantScope({ id: 'tenant-a', slug: 'acme', collection: 'kb_shared' })
const other = new TenantScope({ id: 'tenant-b', slug: 'other', collection: 'kb_shared' })

const row = (kb_id: string, chunk_count: number): StatisticsRow => ({
  kb_id,
  chunk_count,
  terms: [3, 8, 500_000_000],
  frequencies: [1, 2, 3],
})

describe('lexical statistics', () => {
  it('know in how many chunks a term is', () => {
    const statistics = new LexicalStatistics(row('kb', 9))
    expect([2, 3, 4, 8, 500_000_000, 500_000_001].map(term => statistics.frequencyOf(term))).to.deep.equal([0, 1, 0, 2, 3, 0]) // prettier-ignore
    expect(new LexicalStatistics({ chunk_count: 0, terms: [], frequencies: [] }).frequencyOf(1)).to.equal(0)
  })

  it('of several knowledge bases are those of one corpus', () => {
    const both = pooled([new LexicalStatistics(row('a', 9)), new LexicalStatistics(row('b', 11))])!
    expect(both.chunkCount).to.equal(20)
    expect(both.frequencyOf(8)).to.equal(4)
    expect(pooled([])).to.equal(undefined)
  })

  it('let a term that has just arrived be searched for', () => {
    const statistics = forSearch(new LexicalStatistics(row('a', 9)))
    expect(statistics.frequencyOf(77)).to.equal(1)
    expect(statistics.frequencyOf(8)).to.equal(2)
  })
})

describe('the cache of lexical statistics', () => {
  let now = 0
  const loads: string[][] = []
  const errors: unknown[] = []
  let answer: LoadStatistics = async () => []
  const make = () => {
    now = 1_000_000
    loads.length = 0
    errors.length = 0
    return new LexicalStatisticsCache(
      async (scope, ids) => {
        loads.push([scope.tenantId, ...ids])
        return answer(scope, ids)
      },
      () => new Date(now),
      error => errors.push(error),
    )
  }
  const counts = async (cache: LexicalStatisticsCache, scope = acme, ids = ['a', 'b']) =>
    (await cache.of(scope, ids)).map(one => one.chunkCount)

  it('loads what it does not know in one go, and then nothing for some seconds', async () => {
    answer = async () => [row('b', 2), row('a', 1)]
    const cache = make()
    expect(await counts(cache)).to.deep.equal([1, 2])
    now += 2000
    expect(await counts(cache)).to.deep.equal([1, 2])
    expect(loads).to.deep.equal([['tenant-a', 'a', 'b']])
  })

  it('goes on with stale statistics while it loads new ones', async () => {
    answer = async () => [row('a', 1)]
    const cache = make()
    await counts(cache, acme, ['a'])
    answer = async () => [row('a', 50)]
    now += 10_000
    expect(await counts(cache, acme, ['a'])).to.deep.equal([1])
    await eventually(async () => expect(await counts(cache, acme, ['a'])).to.deep.equal([50]))
    expect(loads).to.have.length(2)
  })

  it('waits for new ones when what it has is old', async () => {
    answer = async () => [row('a', 1)]
    const cache = make()
    await counts(cache, acme, ['a'])
    answer = async () => [row('a', 50)]
    now += 60_000
    expect(await counts(cache, acme, ['a'])).to.deep.equal([50])
  })

  it('takes a row without chunks for none', async () => {
    answer = async () => [row('a', 0)]
    expect(await counts(make(), acme, ['a'])).to.deep.equal([])
  })

  it('keeps stale statistics when the database is down, and says so once a try', async () => {
    answer = async () => [row('a', 1)]
    const cache = make()
    await counts(cache, acme, ['a'])
    const down = new Error('down')
    answer = async () => Promise.reject(down)
    now += 10_000
    expect(await counts(cache, acme, ['a'])).to.deep.equal([1])
    await eventually(() => expect(errors).to.deep.equal([down]))
    expect(await counts(cache, acme, ['a'])).to.deep.equal([1])
    now += 3_600_000
    expect(await counts(cache, acme, ['a'])).to.deep.equal([1])
  })

  it('asks again soon when there were none', async () => {
    answer = async () => []
    const cache = make()
    expect(await counts(cache, acme, ['a'])).to.deep.equal([])
    answer = async () => [row('a', 1)]
    now += 600
    expect(await counts(cache, acme, ['a'])).to.deep.equal([1])
  })

  it('answers nobody with what another tenant loaded', async () => {
    answer = async scope => (scope === acme ? [row('a', 1)] : [])
    const cache = make()
    expect(await counts(cache, acme, ['a'])).to.deep.equal([1])
    expect(await counts(cache, other, ['a'])).to.deep.equal([])
  })

  it('fails when it has nothing to go on with', async () => {
    const down = new Error('down')
    answer = async () => Promise.reject(down)
    const cache = make()
    const error: unknown = await counts(cache).catch((caught: unknown) => caught)
    expect(error).to.equal(down)
  })
})
