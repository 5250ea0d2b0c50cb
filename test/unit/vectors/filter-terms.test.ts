import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { compileFilter, type FilterNode } from '../../../api/stores/vectors/compile-filter.ts'
import {
  existsTerm,
  filterTerms,
  type FilterTerms,
  instantKey,
  numberKey,
  valueTerm,
} from '../../../api/stores/vectors/filter-terms.ts'
import { matches } from '../../contract/filter-model.ts'
import { filterCases, shelf } from '../../contract/vector-store-filters.ts'

/** What an engine does, in four lines. */
function answers(point: FilterTerms, node: FilterNode): boolean {
  if ('all' in node) return node.all.every(inner => answers(point, inner))
  if ('any' in node) return node.any.some(inner => answers(point, inner))
  if ('not' in node) return !answers(point, node.not)
  if ('hasAnyOf' in node) return node.hasAnyOf.some(term => point.terms.includes(term))
  const compare = { gt: (n: number) => n > node.number, gte: (n: number) => n >= node.number, lt: (n: number) => n < node.number, lte: (n: number) => n <= node.number } // prettier-ignore
  return (point.numbers[node.key] ?? []).some(compare[node.comparison])
}

describe('filter terms', () => {
  for (const [filter, names] of filterCases)
    it(`answer ${JSON.stringify(filter)}`, () => {
      const compiled = compileFilter(filter)
      const through = Object.entries(shelf).filter(([, metadata]) =>
        'constant' in compiled ? compiled.constant : answers(filterTerms(metadata), compiled),
      )
      expect(through.map(([name]) => name)).to.have.members([...names])
    })

  it('tell strings, numbers, booleans and fields apart', () => {
    const terms = [valueTerm('a', 1), valueTerm('a', '1'), valueTerm('a', true), valueTerm('a', 'true'), valueTerm('b', 1), existsTerm('a')] // prettier-ignore
    expect(new Set(terms).size).to.equal(terms.length)
    expect(valueTerm('a', -0)).to.equal(valueTerm('a', 0))
  })

  it('hold numbers and instants under different keys that are safe in a path', () => {
    const { numbers } = filterTerms({ 'a"]. $': [3, '1970-01-01T00:00:01Z', 4, Infinity, NaN] })
    expect(numbers).to.deep.equal({ [numberKey('a"]. $')]: [3, 4], [instantKey('a"]. $')]: [1000] })
    for (const key of Object.keys(numbers)) expect(key).to.match(/^[nt][0-9a-f]{18}$/)
  })

  it('are the same whatever the order of the keys', () => {
    expect(filterTerms({ a: 1, b: ['x', 'y'] })).to.deep.equal(filterTerms({ b: ['y', 'x'], a: 1 }))
  })

  it('are made of any JSON, however deep', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), metadata => filterTerms(metadata).terms.length >= 0),
    )
    let deep: unknown = 1
    for (let level = 0; level < 5_000; level++) deep = [deep]
    expect(filterTerms({ deep }).terms).to.include(valueTerm('deep', 1))
  })
})

describe('the model of filters that the contract compares with', () => {
  for (const [filter, names] of filterCases.filter(([one]) => /^[\x20-\x7e]*$/.test(JSON.stringify(one))))
    it(`agrees on ${JSON.stringify(filter)}`, () => {
      const through = Object.entries(shelf).filter(([, metadata]) => matches(metadata, filter))
      expect(through.map(([name]) => name)).to.have.members([...names])
    })
})
