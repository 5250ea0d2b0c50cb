import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { z } from 'zod'
import { ApiError } from '../../../api/contract/error-codes.ts'
import { operatorNames } from '../../../api/retrieval/filters/operands.ts'
import { parseFilter } from '../../../api/retrieval/filters/parse.ts'
import { metadataFilterSchema } from '../../../api/retrieval/filters/schema.ts'
import { compileFilter } from '../../../api/stores/vectors/compile-filter.ts'
import type { MetadataFilter } from '../../../api/stores/vectors/metadata-filter.ts'

const right: [string, unknown, MetadataFilter][] = [
  ['nothing', {}, { and: [] }],
  ['a value', { lang: 'en' }, { field: 'lang', op: 'eq', value: 'en' }],
  ['false', { open: false }, { field: 'open', op: 'eq', value: false }],
  ['an empty string', { lang: '' }, { field: 'lang', op: 'eq', value: '' }],
  [
    'operators of one field',
    { year: { gte: 2020, lt: 2024 } },
    {
      and: [
        { field: 'year', op: 'gte', value: 2020 },
        { field: 'year', op: 'lt', value: 2024 },
      ],
    },
  ],
  [
    'fields beside each other',
    { 'author.name': 'Ann', tags: { nin: ['a', 1, true] } },
    {
      and: [
        { field: 'author.name', op: 'eq', value: 'Ann' },
        { field: 'tags', op: 'nin', value: ['a', 1, true] },
      ],
    },
  ],
  [
    'groups beside fields',
    { lang: 'en', or: [{ a: 1 }, { not: { b: { exists: true } } }] },
    {
      and: [
        { field: 'lang', op: 'eq', value: 'en' },
        { or: [{ field: 'a', op: 'eq', value: 1 }, { not: { field: 'b', op: 'exists', value: true } }] },
      ],
    },
  ],
  ['and', { and: [{ a: 1 }] }, { and: [{ field: 'a', op: 'eq', value: 1 }] }],
  ['an empty list of values', { a: { in: [] } }, { field: 'a', op: 'in', value: [] }],
  ['a date', { a: { gt: '2024-05-01' } }, { field: 'a', op: 'gt', value: '2024-05-01' }],
  ['a list element', { a: { contains: 5 } }, { field: 'a', op: 'contains', value: 5 }],
  ['names of any kind', { 'it\'s "a" [0]': '%' }, { field: 'it\'s "a" [0]', op: 'eq', value: '%' }],
  ['names of object members', JSON.parse('{"__proto__": 1, "toString": 2}'), { and: [{ field: '__proto__', op: 'eq', value: 1 }, { field: 'toString', op: 'eq', value: 2 }] }], // prettier-ignore
]

const nested = (levels: number): unknown => (levels === 0 ? { a: 1 } : { not: nested(levels - 1) })
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, i]))

const wrong: [string, unknown, RegExp][] = [
  ['a string', 'lang = en', /^metadata_filter: must be an object of conditions, .*, got "lang = en"$/],
  ['a list', [{ a: 1 }], /^metadata_filter: must be an object/],
  ['null', null, /^metadata_filter: must be an object/],
  ['an unknown operator', { year: { near: 5 } }, /^metadata_filter\.year\.near: unknown operator; allowed: eq, ne, in, nin, gt, gte, lt, lte, exists, contains/], // prettier-ignore
  ['an operator of Object.prototype', { year: { toString: 5 } }, /^metadata_filter\.year\.toString: unknown operator/],
  ['a nested object', { author: { name: 'Ann' } }, /written "author\.name"/],
  [
    'a Mongo operator',
    { year: { $gte: 5 } },
    /^metadata_filter\.year\.\$gte: unknown operator; .* \(written without "\$"\)$/,
  ],
  ['a Mongo group', { $or: [{ a: 1 }] }, /^metadata_filter\.\$or: a field cannot begin with "\$"/],
  ['no operator', { year: {} }, /^metadata_filter\.year: names no operator/],
  ['a bare list', { year: [1, 2] }, /^metadata_filter\.year: a list needs an operator: \{"in"/],
  ['a bare null', { year: null }, /^metadata_filter\.year: null is no value; \{"exists": false\}/],
  ['a null operand', { year: { eq: null } }, /^metadata_filter\.year\.eq: must be a string, a number, true or false, got null$/], // prettier-ignore
  ['a list for eq', { year: { eq: [1] } }, /^metadata_filter\.year\.eq: must be a string, a number/],
  ['a value for in', { year: { in: 5 } }, /^metadata_filter\.year\.in: must be a list of values/],
  ['a null in a list', { year: { nin: [1, null] } }, /^metadata_filter\.year\.nin: must be a string, a number/],
  [
    'a text for a range',
    { year: { gt: 'abc' } },
    /^metadata_filter\.year\.gt: must be a number, or an RFC 3339 date-time/,
  ],
  ['no real date', { at: { lt: '2024-02-30' } }, /^metadata_filter\.at\.lt: must be a number, or an RFC 3339/],
  ['a boolean for a range', { year: { lte: true } }, /^metadata_filter\.year\.lte: must be a number/],
  [
    'a word for exists',
    { year: { exists: 'yes' } },
    /^metadata_filter\.year\.exists: must be true or false, got "yes"$/,
  ],
  ['nothing for contains', { year: { contains: '' } }, /^metadata_filter\.year\.contains: must not be empty/],
  [
    'a very long value',
    { year: 'x'.repeat(5000) },
    /^metadata_filter\.year: must have at most 4096 characters, got "x{59}…$/,
  ],
  ['a very long list', { a: { in: Array(1001).fill(1) } }, /^metadata_filter\.a\.in: must have at most 1000 values/],
  ['a value for and', { and: { a: 1 } }, /^metadata_filter\.and: must be a list of at least one filter/],
  ['an empty or', { or: [] }, /^metadata_filter\.or: must be a list of at least one filter/],
  ['an empty not', { not: {} }, /^metadata_filter\.not: must hold at least one condition/],
  ['a list for not', { not: [{ a: 1 }] }, /^metadata_filter\.not: must be an object/],
  ['a fault deep inside', { or: [{ a: 1 }, { not: { b: { gt: 'x' } } }] }, /^metadata_filter\.or\[1\]\.not\.b\.gt: /],
  ['nine levels', nested(8), /^metadata_filter: is nested too deeply; at most 8 levels/],
  ['a thousand levels', nested(1000), /^metadata_filter: is nested too deeply/],
  ['101 conditions', many(101), /^metadata_filter: has more than 100 conditions/],
  [
    '101 conditions in groups',
    { and: [many(60), { or: [many(41)] }] },
    /^metadata_filter: has more than 100 conditions/,
  ],
  ['an empty field', { '': 1 }, /^metadata_filter\.: a field is a path of names/],
  ['an empty part of a path', { 'a..b': 1 }, /^metadata_filter\.a\.\.b: a field is a path of names/],
  ['a control character', { 'a\u0000b': 1 }, /: a field cannot have control characters/],
  ['a very long field', { ['x'.repeat(257)]: 1 }, /^metadata_filter\.x{60}…: a field has at most 256 characters/],
]

describe('metadata filters in JSON', () => {
  for (const [what, json, filter] of right)
    it(`reads ${what}`, () => {
      expect(parseFilter(json)).to.deep.equal(filter)
    })

  for (const [what, json, message] of wrong)
    it(`refuses ${what}`, () => {
      const error = refusal(() => parseFilter(json))
      expect([error.code, error.status]).to.deep.equal(['VALIDATION_ERROR', 400])
      expect(error.message).to.match(message)
    })

  it('takes the deepest and the widest that is allowed', () => {
    expect(parseFilter(nested(7))).to.have.property('not')
    expect(parseFilter(many(100)))
      .to.have.property('and')
      .with.length(100)
  })

  it('names the filter as the caller calls it', () => {
    expect(refusal(() => parseFilter(5, 'retrieval_config.filter')).message).to.match(/^retrieval_config\.filter: /)
  })

  it('either reads or refuses any JSON, and what it reads can be compiled', () => {
    const operator = fc.constantFrom(...operatorNames, 'and', 'or', 'not', '$gt', 'x')
    const json = fc.letrec(tie => ({
      node: fc.oneof(fc.jsonValue(), fc.dictionary(operator, tie('node'), { maxKeys: 3 }), fc.array(tie('node'), { maxLength: 3 })), // prettier-ignore
    })).node
    fc.assert(
      fc.property(json, value => {
        try {
          compileFilter(parseFilter(value))
        } catch (error) {
          expect(error).to.be.instanceOf(ApiError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('has a schema for OpenAPI', () => {
    const schema = z.toJSONSchema(z.object({ metadata_filter: metadataFilterSchema.nullish() }), { io: 'input' })
    const property = JSON.stringify(schema.properties?.['metadata_filter'])
    expect(property).to.contain('"type":"object"')
    for (const name of operatorNames) expect(property).to.contain(`\`${name}\``)
    expect(metadataFilterSchema.safeParse([1]).success).to.equal(false)
    const hidden: unknown = JSON.parse('{"__proto__": 1}')
    expect(Object.keys(metadataFilterSchema.parse(hidden) as object)).to.deep.equal(['__proto__'])
  })
})

function refusal(work: () => unknown): ApiError {
  try {
    work()
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
  throw new Error('should have been refused')
}
