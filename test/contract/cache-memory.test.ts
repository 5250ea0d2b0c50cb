import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Cache } from '../../api/stores/caches/cache.ts'
import { MemoryCache } from '../../api/stores/caches/memory-cache.ts'
import { unobserved } from '../support/caches.ts'
import { describeCache } from './cache.ts'

describeCache('memory', async () => new MemoryCache(1024 * 1024))

describe('the cache in memory', () => {
  it('stays within its bytes, and counts what is left', async () => {
    const cache = new Cache(new MemoryCache(100_000), unobserved)
    const entry = { kind: 'llm', tenantId: 't', knowledgeBaseIds: ['kb'], ttlSeconds: 60 } as const
    for (let n = 0; n < 100; n++) await cache.through({ ...entry, key: String(n) }, async () => 'x'.repeat(5000))
    expect(await cache.count({ tenantId: 't' })).to.be.within(5, 9)
    await cache.through({ ...entry, key: 'huge' }, async () => 'x'.repeat(200_000))
    expect(await cache.purge({ tenantId: 't', knowledgeBaseId: 'kb' })).to.be.within(5, 9)
    expect(await cache.count({ tenantId: 't' })).to.equal(0)
  })
})
