import { expect } from 'chai'
import { describe, it } from 'mocha'
import { ReadinessService } from '../../../api/services/readiness.ts'

const now = () => new Date('2026-01-02T03:04:05Z')
const good = { name: 'database', check: async () => 'connected' }

describe('ReadinessService', () => {
  it('is ok when every part is', async () => {
    const { status, checks, timestamp } = await new ReadinessService([good], now).check()
    expect({ status, timestamp }).to.deep.equal({ status: 'ok', timestamp: '2026-01-02T03:04:05.000Z' })
    expect(checks['database']).to.include({ status: 'ok', message: 'connected' })
    expect(checks['database']?.latency_ms).to.be.within(0, 1000)
  })

  it('tells which part is not, and goes on asking the others', async () => {
    const bad = {
      name: 'qdrant',
      check: () => Promise.reject(Object.assign(new Error('connect to http://user:password@host'), { code: 'ECONNREFUSED' })), // prettier-ignore
    }
    const { status, checks } = await new ReadinessService([bad, good], now).check()
    expect(status).to.equal('error')
    expect(checks['qdrant']).to.include({ status: 'error', message: 'connect to http://host (ECONNREFUSED)' })
    expect(checks['database']?.status).to.equal('ok')
  })

  it('is degraded when only something optional is away', async () => {
    const away = { name: 'redis', optional: true, check: () => Promise.reject(new Error('away')) }
    expect((await new ReadinessService([good, away], now).check()).status).to.equal('degraded')
  })

  it('is not ready any more once it is ending', async () => {
    const readiness = new ReadinessService([good], now)
    readiness.end()
    const { status, checks } = await readiness.check()
    expect(status).to.equal('error')
    expect(checks['process']).to.include({ status: 'error', message: 'it is stopping' })
    expect(checks['database']).to.include({ status: 'ok' })
  })

  it('gives up on a part that does not answer', async () => {
    const hanging = { name: 'redis', check: () => new Promise<string>(() => {}) }
    const { checks } = await new ReadinessService([hanging], now).check()
    expect(checks['redis']).to.include({ status: 'error', message: 'no answer in 3 s' })
  })
})
