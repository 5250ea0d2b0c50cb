import { expect } from 'chai'
import { describe, it } from 'mocha'
import { ApiError } from '../../../api/contract/error-codes.ts'
import { toApiError } from '../../../api/http/api-error.ts'
import { CollectionMissing, VectorStoreUnavailable } from '../../../api/stores/vectors/vector-store.ts'

const postgres = (code: string) => Object.assign(new Error('secret detail of the database'), { code })

describe('toApiError', () => {
  it('leaves errors alone that callers are meant to read', () => {
    const error = new ApiError('KB_NOT_FOUND', 'knowledge base "x" does not exist')
    expect(toApiError(error, 'r')).to.equal(error)
  })

  const upstream: [Error, RegExp][] = [
    [postgres('ECONNREFUSED'), /database cannot be reached/],
    [postgres('57P03'), /database cannot be reached/],
    [postgres('28P01'), /database cannot be reached/],
    [postgres('42P01'), /not prepared yet/],
    [postgres('57014'), /overloaded/],
    [new VectorStoreUnavailable('qdrant at http://user:password@host is gone'), /vector store cannot be reached/],
    [new CollectionMissing('prefix_shared'), /not prepared yet/],
  ]
  for (const [error, message] of upstream)
    it(`tells ${error.name} ${(error as { code?: string }).code ?? ''} as 503 that says which store`, () => {
      const told = toApiError(error, 'r')
      expect(told).to.include({ code: 'UPSTREAM_ERROR', status: 503, cause: error })
      expect(told.message).to.match(message)
      expect(told.message).not.to.contain('secret').and.not.to.contain('password')
      expect(told.headers).to.have.property('Retry-After')
    })

  it('tells nothing of a fault of ours but the request that it happened in', () => {
    const told = toApiError(new TypeError('cannot read properties of undefined'), 'request-7')
    expect(told).to.include({ code: 'INTERNAL_ERROR', status: 500 })
    expect(told.message).to.contain('request-7').and.not.to.contain('undefined')
  })

  it('takes any value that is thrown', () => {
    expect(toApiError('text', 'r').status).to.equal(500)
    expect(toApiError(undefined, 'r').status).to.equal(500)
  })
})
