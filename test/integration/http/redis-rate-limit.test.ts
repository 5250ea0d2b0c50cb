import { expect } from 'chai'
import { before, describe, it } from 'mocha'
import { type TestApi, type TestTenant, startApi } from '../../support/api.ts'
import { type CountingRelay, countingRelay } from '../../support/counting-relay.ts'
import { eventually } from '../../support/eventually.ts'
import { orSkip } from '../../support/missing-part.ts'
import { type SeparateRedis, separateRedis } from '../../support/redis.ts'

describe('rate limits in Redis', () => {
  let redis: SeparateRedis
  let relay: CountingRelay
  let one: TestApi
  let two: TestApi
  let tenant: TestTenant

  before(async function () {
    this.timeout(60_000)
    redis = await orSkip(this, separateRedis())
    relay = await countingRelay(redis.url)
    const environment = { REDIS_URL: relay.url, RATE_LIMIT_STORAGE: 'redis' }
    one = await orSkip(this, startApi({ worker: false, environment }))
    // A second replica: the same database, the same Redis.
    two = await startApi({ worker: false, environment, databaseAt: async () => one.database.url })
    tenant = await one.tenant()
  })

  const remaining = async (api: TestApi, key: string) => {
    const { status, headers } = await api.as(key).get('/v1/knowledge-bases')
    return [status, headers.get('ratelimit-remaining')]
  }

  it('are shared by all replicas', async () => {
    await eventually(async () => expect((await one.anonymous.get('/ready')).body.checks.redis.status).to.equal('ok'))
    await eventually(async () => expect((await two.anonymous.get('/ready')).body.checks.redis.status).to.equal('ok'))
    const { key } = await tenant.withKey({ role: 'read', rate_limit_per_minute: 3 })
    expect(await remaining(one, key)).to.deep.equal([200, '2'])
    expect(await remaining(two, key)).to.deep.equal([200, '1'])
    expect(await remaining(one, key)).to.deep.equal([200, '0'])
    expect(await remaining(two, key)).to.deep.equal([429, '0'])
  })

  it('cost one round trip, for the key’s budget and the tenant’s together', async () => {
    const { key } = await (await one.tenant({ quotas: { requests_per_minute: 1000 } })).withKey({ role: 'read' })
    await remaining(one, key)
    for (let i = 0; i < 5; i++) {
      const before = relay.packets
      expect(await remaining(one, key)).to.deep.equal([200, String(997 - i)])
      expect(relay.packets - before).to.equal(1)
    }
  })

  it('go on in memory while Redis is down, which /ready tells, and in Redis again afterwards', async function () {
    this.timeout(30_000)
    const { key } = await tenant.withKey({ role: 'read', rate_limit_per_minute: 100 })
    await redis.stop()
    expect((await remaining(one, key))[0]).to.equal(200)
    const { status, body } = await one.anonymous.get('/ready')
    expect([status, body.status, body.checks.redis.status]).to.deep.equal([200, 'degraded', 'error'])
    await redis.start()
    await eventually(async () => expect((await one.anonymous.get('/ready')).body.status).to.equal('ok'))
    const { key: fresh } = await tenant.withKey({ role: 'read', rate_limit_per_minute: 3 })
    await eventually(async () => expect((await two.anonymous.get('/ready')).body.status).to.equal('ok'))
    expect(await remaining(one, fresh)).to.deep.equal([200, '2'])
    expect(await remaining(two, fresh)).to.deep.equal([200, '1'])
  })
})
