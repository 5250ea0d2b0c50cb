import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { dateTimeMs } from '../../../api/stores/vectors/date-time.ts'

describe('date-times of metadata', () => {
  for (const [text, ms] of [
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01', 0],
    ['1970-01-01T00:00:01', 1000],
    ['1970-01-01 00:00:01z', 1000],
    ['1970-01-01T01:00:00+01:00', 0],
    ['1969-12-31T22:30:00-01:30', 0],
    ['1970-01-01T00:00:00.25Z', 250],
    ['1970-01-01T00:00:00.000001Z', 0.001],
    ['1969-12-31T23:59:59.5Z', -500],
    ['2024-02-29', 1_709_164_800_000],
  ] as const)
    it(`reads ${text}`, () => {
      expect(dateTimeMs(text)).to.be.closeTo(ms, 1e-6)
    })

  for (const text of [
    '',
    '5',
    '2024',
    '2024-05',
    '2024-5-1',
    '2024-02-30',
    '2023-02-29',
    '2024-13-01',
    '2024-05-01T25:00:00Z',
    '2024-05-01T12:00Z',
    '2024-05-01T12:00:00+25',
    'May 1, 2024',
    ' 2024-05-01',
    '2024-05-01T12:00:00.1234567890Z',
  ])
    // prettier-ignore
    it(`does not take ${JSON.stringify(text)} for one`, () => {
      expect(dateTimeMs(text)).to.equal(null)
    })

  it('reads back any instant that JavaScript writes', () => {
    const date = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    fc.assert(fc.property(date, value => Math.abs((dateTimeMs(value.toISOString()) ?? NaN) - value.getTime()) < 1e-3))
  })
})
