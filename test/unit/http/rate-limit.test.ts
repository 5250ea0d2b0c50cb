import { expect } from 'chai'
import { describe, it } from 'mocha'
import { RateLimit } from '../../../api/http/rate-limit.ts'

describe('RateLimit in memory', () => {
  const key = { key: 'key:1', limit: 3, what: 'this API key' }

  it('lets as many through as the limit says and then refuses, saying when to come back', async () => {
    const limit = new RateLimit(null)
    for (const left of [2, 1, 0]) {
      const { headers, refusal } = await limit.consume([key])
      expect(refusal).to.equal(null)
      expect(headers).to.include({
        'RateLimit-Limit': '3',
        'RateLimit-Remaining': String(left),
        'RateLimit-Policy': '3;w=60',
      })
      expect(Number(headers['RateLimit-Reset'])).to.be.within(1, 60)
    }
    const { headers, refusal } = await limit.consume([key])
    expect(headers['RateLimit-Remaining']).to.equal('0')
    expect(refusal).to.include({ code: 'RATE_LIMITED', status: 429 })
    expect(refusal?.message).to.match(/^more than 3 requests a minute for this API key; try again in \d+ s$/)
    expect(Number(refusal?.headers['Retry-After'])).to.be.within(1, 60)
  })

  it('counts keys apart', async () => {
    const limit = new RateLimit(null)
    for (let i = 0; i < 4; i++) await limit.consume([key])
    expect((await limit.consume([{ ...key, key: 'key:2' }])).refusal).to.equal(null)
  })

  it('refuses by the tenant’s budget although the key has some left, and tells the tighter one', async () => {
    const limit = new RateLimit(null)
    const tenant = { key: 'tenant:1', limit: 2, what: 'all keys' }
    const other = { ...key, key: 'key:2' }
    await limit.consume([key, tenant])
    expect((await limit.consume([other, tenant])).headers).to.include({ 'RateLimit-Limit': '2', 'RateLimit-Remaining': '0' }) // prettier-ignore
    expect((await limit.consume([key, tenant])).refusal?.message).to.contain('all keys')
  })

  it('takes nothing from the tenant’s budget for what the key’s own refuses', async () => {
    const limit = new RateLimit(null)
    const tenant = { key: 'tenant:1', limit: 5, what: 'all keys' }
    for (let i = 0; i < 20; i++) await limit.consume([key, tenant])
    expect((await limit.consume([{ ...key, key: 'key:2' }, tenant])).headers).to.include({ 'RateLimit-Limit': '5', 'RateLimit-Remaining': '1' }) // prettier-ignore
  })

  it('says nothing where everything is unlimited', async () => {
    const limit = new RateLimit(null)
    expect(await limit.consume([{ ...key, limit: -1 }])).to.deep.equal({ headers: {}, refusal: null })
  })
})
