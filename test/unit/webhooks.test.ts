import { expect } from 'chai'
import { describe, it } from 'mocha'
import { Webhook } from 'standardwebhooks'
import { planAttempt } from '../../api/webhooks/plan-attempt.ts'
import { newSecret, signatureHeaders } from '../../api/webhooks/signature.ts'

describe('the signature of a webhook', () => {
  const body = '{"type":"document.ready","data":{"title":"ä漢"}}'

  it("is what the standard's own library verifies", () => {
    const secret = newSecret()
    const headers = signatureHeaders({ id: 'msg', body, at: new Date() }, secret)
    expect(new Webhook(secret).verify(body, { ...headers })).to.deep.equal(JSON.parse(body))
    expect(() => new Webhook(newSecret()).verify(body, { ...headers })).to.throw()
    expect(() => new Webhook(secret).verify(body.replace('ready', 'failed'), { ...headers })).to.throw()
  })

  it('is another for another time, so that an old message cannot be sent again', () => {
    const secret = newSecret()
    const headers = signatureHeaders({ id: 'msg', body, at: new Date(Date.now() - 3_600_000) }, secret)
    expect(() => new Webhook(secret).verify(body, { ...headers })).to.throw(/old/)
  })
})

describe('what follows from an attempt to deliver', () => {
  const failed = { status: 500, error: 'the receiver answered 500' }

  it('waits longer each time, a day and a half in all, and then gives up', () => {
    const waits: number[] = []
    for (let attempts = 1; ; attempts++) {
      const next = planAttempt(failed, attempts, 0)
      if (next.is !== 'pending') {
        expect(next).to.deep.equal({ is: 'dead', disable: null })
        break
      }
      waits.push(next.delaySeconds)
    }
    expect(waits).to.deep.equal([...waits].sort((a, b) => a - b))
    expect(waits.reduce((sum, wait) => sum + wait, 0) / 3600).to.be.within(24, 48)
    expect(planAttempt({ status: null, error: 'no answer' }, 1, 1)).to.deep.equal({ is: 'pending', delaySeconds: 6 })
  })

  it('is over with any 2xx, and for good with 410', () => {
    for (const status of [200, 202, 204]) expect(planAttempt({ status, error: null }, 3, 0).is).to.equal('delivered')
    expect(planAttempt({ status: 301, error: null }, 1, 0).is).to.equal('pending')
    expect(planAttempt({ status: 410, error: null }, 1, 0)).to.deep.include({ is: 'dead' }).and.property('disable').a('string') // prettier-ignore
  })
})
