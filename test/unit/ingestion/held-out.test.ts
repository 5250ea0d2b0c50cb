import { expect } from 'chai'
import { describe, it } from 'mocha'
import { heldOut } from '../../../api/ingestion/held-out.ts'

const english =
  'Signing keys rotate automatically once in ninety calendar days. The previous signing key works one more hour after rotation. Nobody restarts running services, gateways or workers when keys change. Yes.'
const chinese = '密钥每九十天轮换一次。旧密钥在轮换之后还能使用一个小时。服务不需要为此重新启动。'

describe('a held-out passage', () => {
  it('is a sentence that the rest no longer holds, and not the first', () => {
    for (const text of [english, chinese]) {
      for (const pick of [0, 1, 2, 7]) {
        const { passage, rest } = heldOut(text, pick)!
        expect(text).to.include(passage)
        expect(rest).to.not.include(passage)
        expect(text.startsWith(passage)).to.equal(false)
        expect(rest.length).to.be.greaterThan(10)
      }
    }
  })

  it('is another one for another pick', () => {
    expect(heldOut(english, 0)?.passage).to.match(/previous signing key/)
    expect(heldOut(english, 1)?.passage).to.match(/restarts/)
  })

  it('needs no capital letters', () => {
    expect(heldOut('a simple wing inside a propeller slipstream was tested . measured lift distribution rose along the span . drag coefficients fell again behind the nacelle .', 0)).to.not.equal(null) // prettier-ignore
  })

  it('is not taken from a text that is too short, or in one piece', () => {
    expect(heldOut('', 0)).to.equal(null)
    expect(heldOut('Short. Words. Here. And there.', 0)).to.equal(null)
    expect(heldOut('one long sentence that goes on and on without any end to it at all', 0)).to.equal(null)
  })
})
