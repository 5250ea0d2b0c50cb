import { expect } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { calibrationDelay } from '../../../api/ingestion/calibration-due.ts'
import { decodeEmbedding, encodeEmbedding } from '../../../api/stores/postgres/embedding-bytes.ts'
import { sameAverage, weightFor } from '../../../api/ingestion/weight-average.ts'

describe('the average that vectors are weighted with', () => {
  it('is at most 5 % away from the true one', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 10_000, noNaN: true }), average => {
        expect(Math.abs(Math.log(weightFor(average) / average))).to.be.at.most(Math.log(1.1) / 2 + 1e-9)
      }),
    )
  })

  it('stays the same for most small changes, and for itself', () => {
    expect(sameAverage(weightFor(weightFor(87)), weightFor(87))).to.equal(true)
    expect(sameAverage(weightFor(100), weightFor(101))).to.equal(true)
    expect(sameAverage(weightFor(100), weightFor(120))).to.equal(false)
  })

  it('is recognised after Postgres has rounded it to four bytes', () => {
    expect(sameAverage(Math.fround(weightFor(87)), weightFor(87))).to.equal(true)
  })

  it('is 1 when no chunk has a term', () => {
    expect(weightFor(0)).to.equal(1)
  })
})

describe('when statistics are counted anew', () => {
  const now = new Date('2026-01-01T00:10:00Z')
  const counted = (chunk_count: number, secondsAgo: number) => ({
    chunk_count,
    updated_at: new Date(now.getTime() - secondsAgo * 1000),
  })

  it('at once when there are none', () => {
    expect(calibrationDelay(null, true, now)).to.equal(0)
    expect(calibrationDelay(counted(0, 1), true, now)).to.equal(0)
  })

  it('at once when a small knowledge base has come to rest', () => {
    expect(calibrationDelay(counted(1_400, 0), false, now)).to.equal(0)
  })

  it('from time to time while more is coming', () => {
    expect(calibrationDelay(counted(1_400, 1), true, now)).to.equal(null)
    expect(calibrationDelay(counted(1_400, 3), true, now)).to.equal(0)
    expect(calibrationDelay(counted(60_000, 10), true, now)).to.equal(null)
    expect(calibrationDelay(counted(60_000, 31), true, now)).to.equal(0)
  })

  it('soon when a large one has come to rest, and never later than in a minute', () => {
    expect(calibrationDelay(counted(60_000, 10), false, now)).to.equal(20)
    expect(calibrationDelay(counted(60_000, 100), false, now)).to.equal(0)
    expect(calibrationDelay(counted(10_000_000, 0), false, now)).to.equal(60)
  })
})

describe('embeddings as bytes', () => {
  it('come back as they were, wherever the bytes lie', () => {
    const vector = Float32Array.of(0.25, -1, 3e-8, 0)
    const bytes = encodeEmbedding(vector, 4)
    expect([...bytes.subarray(0, 4)]).to.deep.equal([0, 0, 0x80, 0x3e])
    const shifted = Buffer.concat([Buffer.of(1), bytes]).subarray(1)
    expect(decodeEmbedding(shifted)).to.deep.equal(vector)
  })

  it('are refused when they have another length than was said', () => {
    expect(() => encodeEmbedding(new Float32Array(3), 4)).to.throw(/3 dimensions.*4/)
  })
})
