import { expect } from 'chai'
import { describe, it } from 'mocha'
import { ApiError } from '../../../api/contract/error-codes.ts'
import { documentParams, knowledgeBaseParams, parseParams } from '../../../api/http/identifier.ts'

describe('ids in paths', () => {
  it('take UUIDs in any case and give them in one', () => {
    const id = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'
    expect(parseParams(documentParams, { id })).to.deep.equal({ id: id.toLowerCase() })
  })

  for (const id of ["1' OR '1'='1", '../../etc/passwd', '0', 'null', '%00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1'])
    it(`tell ${JSON.stringify(id)} as an unknown id is told: with the resource’s own 404`, () => {
      const refused = () => parseParams(knowledgeBaseParams, { id })
      expect(refused).to.throw(ApiError, `knowledge base ${JSON.stringify(id)} does not exist`)
      try {
        refused()
      } catch (error) {
        expect(error).to.include({ code: 'KB_NOT_FOUND', status: 404 })
      }
    })
})
