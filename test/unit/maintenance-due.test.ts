import { expect } from 'chai'
import { describe, it } from 'mocha'
import { isDue } from '../../api/maintenance/due.ts'

describe('when maintenance is due', () => {
  const sunday = new Date('2026-11-22T03:37:00Z')
  const before = (hours: number) => new Date(sunday.getTime() - hours * 3_600_000)

  it('when it was never done, or its period is over, early or late by a little', () => {
    expect(isDue('points', {}, sunday)).to.equal(true)
    expect(isDue('points', { points: before(7 * 24 - 1) }, sunday)).to.equal(true)
    expect(isDue('isolation', { isolation: before(23.5), points: before(1) }, sunday)).to.equal(true)
  })

  it('not when cron has done it just before, or a person on Friday', () => {
    for (const hours of [0.5, 36]) expect(isDue('vacuum', { vacuum: before(hours) }, sunday)).to.equal(false)
    expect(isDue('isolation', { isolation: before(1) }, sunday)).to.equal(false)
  })
})
