import { seededRandom } from '../../support/random.ts'
import { mean } from './metrics.ts'

/** Between its ends lie 95 % of the means of resampled queries. */
export interface Interval {
  readonly low: number
  readonly high: number
}

export interface Difference extends Interval {
  readonly mean: number
  /** Share of resamples whose difference is not on the mean's side of 0, for both sides: what chance alone would do. */
  readonly p: number
}

const RESAMPLES = 10_000
const SEED = 20_240_607

/**
 * How sure the mean of these values is: percentile bootstrap (Efron 1979; for retrieval, Sakai 2006), 10,000 resamples, the same
 * for the same values.
 */
export function confidence(values: readonly number[]): Interval {
  return middle(resampledMeans(values))
}

/** Whether two runs over the same queries differ: the paired bootstrap of the differences, value by value. */
export function pairedDifference(before: readonly number[], after: readonly number[]): Difference {
  const differences = after.map((value, index) => value - before[index]!)
  const means = resampledMeans(differences)
  const found = mean(differences)
  const otherSide = means.filter(value => (found >= 0 ? value <= 0 : value >= 0)).length
  return { mean: found, ...middle(means), p: Math.min(1, (2 * otherSide) / means.length) }
}

function resampledMeans(values: readonly number[]): number[] {
  const random = seededRandom(SEED)
  return Array.from({ length: RESAMPLES }, () => {
    let sum = 0
    for (let drawn = 0; drawn < values.length; drawn++) sum += values[Math.floor(random() * values.length)]!
    return sum / values.length
  }).sort((a, b) => a - b)
}

function middle(sorted: readonly number[]): Interval {
  return { low: sorted[Math.floor(sorted.length * 0.025)]!, high: sorted[Math.ceil(sorted.length * 0.975) - 1]! }
}
