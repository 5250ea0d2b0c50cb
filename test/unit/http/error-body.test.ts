import { expect } from 'chai'
import { describe, it } from 'mocha'
import { ApiError } from '../../../api/contract/error-codes.ts'
import { errorBody, errorHeaders } from '../../../api/http/error-body.ts'

const invalid = new ApiError('VALIDATION_ERROR', 'messages[0].role: must be "user"; n: must be 1')

describe('the body of an error', () => {
  it('has detail and code', () => {
    expect(errorBody(invalid, 'own')).to.deep.equal({ detail: invalid.message, code: 'VALIDATION_ERROR' })
  })

  it('is OpenAI’s on its routes, with the field that was wrong', () => {
    expect(errorBody(invalid, 'openai')).to.deep.equal({
      error: { message: invalid.message, type: 'invalid_request_error', param: 'messages[0].role', code: 'VALIDATION_ERROR' },
    }) // prettier-ignore
    const told = (code: ApiError['code']) => (errorBody(new ApiError(code, 'x'), 'openai') as { error: object }).error
    expect(told('RATE_LIMITED')).to.include({ type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null })
    expect(told('INVALID_API_KEY')).to.include({ type: 'authentication_error', code: 'invalid_api_key' })
    expect(told('FORBIDDEN')).to.include({ type: 'permission_error' })
    expect(told('INTERNAL_ERROR')).to.include({ type: 'server_error' })
  })

  it('comes with the word not to try again, where that would not help', () => {
    const headers = (code: ApiError['code']) => errorHeaders(new ApiError(code, 'x', { headers: { a: 'b' } }), 'openai')
    expect(headers('KB_CONFIG_ERROR')).to.deep.equal({ 'x-should-retry': 'false', a: 'b' })
    for (const code of ['RATE_LIMITED', 'UPSTREAM_ERROR'] as const) expect(headers(code)).to.deep.equal({ a: 'b' })
    expect(errorHeaders(new ApiError('CONFLICT', 'x'), 'own')).to.deep.equal({})
  })
})
