import { expect } from 'chai'
import { Redis } from 'ioredis'
import { after, before, describe, it } from 'mocha'
import { Cache } from '../../api/stores/caches/cache.ts'
import { RedisCache } from '../../api/stores/caches/redis-cache.ts'
import { unobserved } from '../support/caches.ts'
import { orSkip } from '../support/missing-part.ts'
import { type SeparateRedis, separateRedis } from '../support/redis.ts'
import { describeCache } from './cache.ts'

describe('Redis', () => {
  let server: SeparateRedis
  const connections: Redis[] = []

  before(async function () {
    server = await orSkip(this, separateRedis())
  })

  after(() => connections.forEach(connection => connection.disconnect()))

  const connect = () => {
    const redis = new Redis(server.url, { maxRetriesPerRequest: 1, retryStrategy: () => 50 })
    redis.on('error', () => undefined)
    connections.push(redis)
    return redis
  }

  describeCache('Redis', async () => new RedisCache(connect()))

  const entry = { kind: 'llm', tenantId: 'tenant', knowledgeBaseIds: ['kb'], key: 'question', ttlSeconds: 60 } as const

  it('is asked once for what is there', async () => {
    const redis = connect()
    const cache = new Cache(new RedisCache(redis), unobserved)
    await cache.through(entry, async () => 'value')
    await redis.config('RESETSTAT')
    await cache.through(entry, async () => 'other')
    const calls = await redis.info('commandstats')
    const received = [...calls.matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(([, name, count]) => `${name} ${count}`)
    // GET is what the script does on the server.
    expect(received.filter(line => !/^(config|info)/.test(line)).sort()).to.deep.equal(['evalsha 1', 'get 1'])
  })

  it('leaves nothing behind that does not end by itself', async () => {
    const redis = connect()
    const cache = new Cache(new RedisCache(redis), unobserved)
    await cache.through(entry, async () => 'value')
    await cache.purge({ tenantId: 'tenant', knowledgeBaseId: 'other' })
    for (const key of await redis.keys('*')) expect([key, await redis.pttl(key)]).to.satisfy(([, ms]: [string, number]) => ms > 0) // prettier-ignore
  })

  it('costs the cache and no answer when it is away, and is used again when it is back', async () => {
    const faults: unknown[] = []
    const cache = new Cache(new RedisCache(connect()), { outcome: () => undefined, away: error => faults.push(error) })
    await cache.through(entry, async () => 'value')
    await server.stop()
    for (const value of ['a', 'b', 'c'])
      expect(await cache.through(entry, async () => value)).to.deep.equal({ value, cached: false })
    expect(faults).to.have.length(1)
    await cache.purge({ tenantId: 'tenant' }).then(
      () => expect.fail('a purge that cannot be done must not look as if it were'),
      () => undefined,
    )
    await server.start()
    await new Promise(resolve => setTimeout(resolve, 1100))
    await cache.through(entry, async () => 'd')
    expect((await cache.through(entry, async () => 'e')).value).to.equal('d')
  })
})
