import { expect } from 'chai'
import { describe, it } from 'mocha'
import { meanReciprocal, meanStandardScore, standingOf } from '../../../api/ingestion/held-out-standing.ts'

/** Scores 10, 8, 6, 4, 2 of a, b, c, d, e: mean 6, deviation √8. */
const list = ['a', 'b', 'c', 'd', 'e'].map((id, place) => ({ id, score: 10 - 2 * place }))
const full = { limit: 5, population: 5 }

describe('where a held-out chunk would stand', () => {
  it('tells its place and its standard score among the others', () => {
    const { place, standardScore } = standingOf(list, 'none', 9, full)
    expect(place).to.equal(2)
    expect(standardScore).to.be.closeTo(3 / Math.sqrt(8), 1e-12)
  })

  it('leaves the chunk that the store holds out of the comparison', () => {
    const { place, standardScore } = standingOf(list, 'a', 9, full)
    expect(place).to.equal(1)
    expect(standardScore).to.be.closeTo(4 / Math.sqrt(5), 1e-12)
  })

  it('puts no floor in the place of the chunk that it leaves out', () => {
    expect(standingOf(list, 'a', 9, { ...full, floor: 0 })).to.deep.equal(standingOf(list, 'a', 9, full))
  })

  it('counts what is below the last as the last, and gives it no place', () => {
    const { place, standardScore } = standingOf(list, 'none', 1, full)
    expect(place).to.equal(null)
    expect(standardScore).to.be.closeTo(-4 / Math.sqrt(8), 1e-12)
  })

  it('fills a short list with the floor: one word in common stands far above none', () => {
    const short = [{ id: 'a', score: 4 }]
    const { place, standardScore } = standingOf(short, 'none', 4, { limit: 100, population: 100, floor: 0 })
    expect(place).to.equal(1)
    expect(standardScore).to.be.greaterThan(9)
    expect(standingOf(short, 'none', 0, { limit: 100, population: 100, floor: 0 }).place).to.equal(null)
  })

  it('says nothing where all are alike or there is nothing', () => {
    const alike = list.map(({ id }) => ({ id, score: 1 }))
    expect(standingOf(alike, 'none', 1, full).standardScore).to.equal(0)
    expect(standingOf([], 'none', 1, full)).to.deep.equal({ place: 1, standardScore: 0 })
  })

  it('is averaged, never below 0', () => {
    expect(meanReciprocal([1, 2, null, null])).to.equal(0.375)
    expect(meanStandardScore([2, 1].map(standardScore => ({ place: 1, standardScore })))).to.equal(1.5)
    expect(meanStandardScore([{ place: null, standardScore: -3 }])).to.equal(0)
    expect(meanStandardScore([])).to.equal(0)
  })
})
