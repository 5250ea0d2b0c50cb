import { expect } from 'chai'
import { describe, it } from 'mocha'
import { ApiError } from '../../../api/contract/error-codes.ts'
import { entityTag, requireSeen, unlessSeen } from '../../../api/http/entity-tag.ts'
import { serverTiming } from '../../../api/http/server-timing.ts'

const body = { name: 'handbook' }
const tag = entityTag(body)

describe('entity tags', () => {
  it('are the same for the same body only', () => {
    expect(tag).to.match(/^"[\w-]{22}"$/)
    expect(entityTag({ ...body })).to.equal(tag)
    expect(entityTag({ name: 'other' })).to.not.equal(tag)
  })

  for (const seen of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
    it(`${seen} is known, and may be changed`, () => {
      expect(unlessSeen(body, { 'if-none-match': seen }).status).to.equal(304)
      requireSeen(body, { 'if-match': seen })
    })
  }

  for (const seen of ['"other"', tag.slice(1), '']) {
    it(`${JSON.stringify(seen)} is not known, and may not be changed`, () => {
      expect(unlessSeen(body, { 'if-none-match': seen })).to.deep.include({ status: 200, body })
      expect(() => requireSeen(body, { 'if-match': seen }))
        .to.throw(ApiError)
        .with.property('code', 'PRECONDITION_FAILED')
    })
  }

  it('tell a state that changes by itself, which keeps nobody from changing the rest', () => {
    const [before, after] = [entityTag(body, { count: 1 }), entityTag(body, { count: 2 })]
    expect(unlessSeen(body, { 'if-none-match': before }, before).status).to.equal(304)
    expect(unlessSeen(body, { 'if-none-match': before }, after).status).to.equal(200)
    requireSeen(body, { 'if-match': `${before}, "other.${'x'.repeat(22)}"` })
    expect(() => requireSeen({ name: 'other' }, { 'if-match': before })).to.throw(ApiError)
  })

  it('are asked for by nobody who does not send them', () => {
    expect(unlessSeen(body, {}).status).to.equal(200)
    requireSeen(body, {})
  })
})

describe('Server-Timing', () => {
  it('has a metric a stage, and leaves out what is no name', () => {
    expect(serverTiming({ search: 1.26, total: 20 })).to.equal('search;dur=1.3, total;dur=20')
    expect(serverTiming({ 'a b': 1, total: 2 })).to.equal('total;dur=2')
  })
})
