import { expect } from 'chai'
import { describe, it } from 'mocha'
import { checkAdminToken } from '../../../api/http/admin-token.ts'

const token = 'a-long-enough-admin-token'

describe('checkAdminToken', () => {
  it('lets the token through', () => expect(() => checkAdminToken([token], token)).not.to.throw())

  it('lets the token of before through while both are configured', () => {
    expect(() => checkAdminToken([token, 'the-token-of-before'], 'the-token-of-before')).not.to.throw()
  })

  for (const given of [undefined, '', 'wrong', `${token}x`, token.slice(1), token.toUpperCase()])
    it(`refuses ${JSON.stringify(given) ?? 'no token'} without repeating it`, () => {
      expect(() => checkAdminToken([token, `${token}-of-before`], given)).to.throw(/X-Admin-Token/)
    })

  it('lets nobody through when none is configured, not even with nothing', () => {
    expect(() => checkAdminToken([], undefined)).to.throw('ADMIN_TOKEN is not set')
    expect(() => checkAdminToken([], '')).to.throw('ADMIN_TOKEN is not set')
  })
})
