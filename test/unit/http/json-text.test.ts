import { expect } from 'chai'
import { describe, it } from 'mocha'
import { parseJson } from '../../../api/http/json-text.ts'

const parse = (text: string | Uint8Array) => parseJson(typeof text === 'string' ? Buffer.from(text) : text)

describe('parseJson', () => {
  it('reads JSON in UTF-8, with and without a byte-order mark', () => {
    expect(parse('{"a": ["é", "日本", "😀"]}')).to.deep.equal({ a: ['é', '日本', '😀'] })
    expect(parse(Buffer.from([0xef, 0xbb, 0xbf, 0x5b, 0x5d]))).to.deep.equal([])
  })

  it('refuses broken UTF-8 instead of storing replacement characters', () => {
    expect(() => parse(Buffer.from([0x22, 0xff, 0xfe, 0x22]))).to.throw('body: is not UTF-8')
    expect(() => parse(Buffer.from([0x22, 0xe6, 0x97, 0x22]))).to.throw('body: is not UTF-8')
  })

  it('refuses what is no JSON', () => {
    expect(() => parse('{"a":')).to.throw(/^body: is not JSON/)
    expect(() => parse('  \n')).to.throw('body: is empty')
    expect(() => parseJson(Buffer.from('{'), 'metadata')).to.throw(/^metadata: is not JSON/)
  })

  it('refuses U+0000 and half surrogate pairs, in values and in names, and says where', () => {
    expect(() => parse(String.raw`{"a": [{"b": "x\u0000"}]}`)).to.throw('a[0].b: holds the character U+0000')
    expect(() => parse(String.raw`{"a\u0000": 1}`)).to.throw(String.raw`a\u0000: holds the character U+0000`)
    expect(() => parse(String.raw`{"a": "\ud83d"}`)).to.throw('a: holds half of a surrogate pair')
    expect(() => parse(String.raw`"\udc00"`)).to.throw('body: holds half of a surrogate pair')
    expect(parse(String.raw`"\ud83d\ude00"`)).to.equal('😀')
  })

  it('refuses a body that is nested deeper than anything needs, without exhausting the stack', () => {
    const depth = 200_000
    expect(() => parse('['.repeat(depth) + ']'.repeat(depth))).to.throw('is nested deeper than 64')
    expect(parse('['.repeat(60) + ']'.repeat(60))).to.be.an('array')
  })
})
