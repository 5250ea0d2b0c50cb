import { expect } from 'chai'
import { describe, it } from 'mocha'
import { z } from 'zod'
import { ApiError } from '../../../api/contract/error-codes.ts'
import { validate } from '../../../api/http/validate.ts'

const schema = z.strictObject({
  query: z.string().min(1).max(10),
  top_k: z.int().min(1).max(50).default(5),
  retriever: z.enum(['dense', 'bm25']).optional(),
  nested: z.strictObject({ ids: z.array(z.uuid()).max(2) }).optional(),
  either: z.union([z.string(), z.number()]).optional(),
  switch: z.union([z.boolean(), z.enum(['auto', 'none'])]).optional(),
  parts: z.union([z.string(), z.array(z.object({ type: z.literal('text', 'only text can be read here') }))]).optional(),
  map: z.record(z.string(), z.unknown()).optional(),
  day: z.iso.date().optional(),
  when: z.iso.datetime().optional(),
  custom: z.string().regex(/^a/, 'must begin with a').optional(),
})

function faultOf(input: unknown): string {
  try {
    validate(schema, input, 'body')
  } catch (error) {
    expect(error).to.be.instanceOf(ApiError)
    expect((error as ApiError).code).to.equal('VALIDATION_ERROR')
    expect((error as ApiError).status).to.equal(400)
    return (error as ApiError).message
  }
  throw new Error('nothing was wrong with it')
}

describe('validate', () => {
  it('gives what the schema makes of the input', () => {
    expect(validate(schema, { query: 'a' }, 'body')).to.deep.equal({ query: 'a', top_k: 5 })
  })

  const wrong: [unknown, string][] = [
    [{}, 'query: is required: a string'],
    [{ query: 7 }, 'query: must be a string, got the number 7'],
    [{ query: null }, 'query: must be a string, got null'],
    [{ query: '' }, 'query: must not be empty, got the string ""'],
    [{ query: 'x'.repeat(100_000) }, 'query: must have at most 10 characters, got a string of 100000 characters'],
    [{ query: 'a', top_k: 0 }, 'top_k: must be at least 1, got the number 0'],
    [{ query: 'a', top_k: 51 }, 'top_k: must be at most 50, got the number 51'],
    [{ query: 'a', top_k: 1.5 }, 'top_k: must be an integer, got the number 1.5'],
    [{ query: 'a', top_k: '5' }, 'top_k: must be an integer, got the string "5"'],
    [{ query: 'a', retriever: 'magic' }, 'retriever: must be one of "dense", "bm25", got the string "magic"'],
    [{ query: 'a', colour: 1 }, 'body: unknown field "colour"; allowed: query, top_k, retriever, nested, either, switch, parts, map, day, when, custom'], // prettier-ignore
    [{ query: 'a', nested: { ids: [], x: 1 } }, 'nested: unknown field "x"; allowed: ids'],
    [{ query: 'a', nested: { ids: ['nope'] } }, 'nested.ids[0]: must be a UUID, got the string "nope"'],
    [{ query: 'a', nested: { ids: [1, 2, 3] } }, 'nested.ids: must have at most 2 items, got an array of 3 items'],
    [{ query: 'a', either: true }, 'either: must be a string or a number, got the boolean true'],
    [{ query: 'a', switch: 'on' }, 'switch: must be a boolean or one of "auto", "none", got the string "on"'],
    [{ query: 'a', switch: 1 }, 'switch: must be a boolean or one of "auto", "none", got the number 1'],
    [{ query: 'a', parts: [{ type: 'image_url' }] }, 'parts: [0].type: only text can be read here'],
    [{ query: 'a', parts: [7] }, 'parts: [0]: must be an object, got the number 7'],
    [{ query: 'a', parts: 7 }, 'parts: must be a string or an array, got the number 7'],
    [{ query: 'a', day: 'nope' }, 'day: must be a date, such as 2026-11-30, got the string "nope"'],
    [{ query: 'a', map: [] }, 'map: must be an object, got an array of 0 items'],
    [{ query: 'a', when: 'yesterday' }, 'when: must be an RFC 3339 date-time, got the string "yesterday"'],
    [{ query: 'a', custom: 'b' }, 'custom: must begin with a'],
    ['text', 'body: must be an object, got the string "text"'],
    [null, 'body: must be an object, got null'],
    [[], 'body: must be an object, got an array of 0 items'],
  ]
  for (const [input, message] of wrong)
    it(`says of ${(JSON.stringify(input) ?? '').slice(0, 60)}: ${message.slice(0, 70)}`, () => {
      expect(faultOf(input)).to.equal(message)
    })

  it('tells five faults and how many more there are', () => {
    const many = z.object(Object.fromEntries([...'abcdefgh'].map(name => [name, z.string()])))
    let message = ''
    try {
      validate(many, {}, 'body')
    } catch (error) {
      message = (error as Error).message
    }
    expect(message.split('; ')).to.have.length(6)
    expect(message).to.match(/; and 3 more$/)
  })
})
