import type { LegWorth, MeasuredLeg } from '../../contract/leg-worth.ts'

/** A mean of so few passages says little. */
export const FEWEST_PASSAGES = 20

/**
 * What several knowledge bases' legs are worth together, adding up to 1: each knowledge base counts by its chunks. Null
 * when none of them has been measured with these vectors. Pure.
 */
export function pooledWorth(
  measured: readonly (LegWorth | null)[],
  fingerprint: string,
): Readonly<Record<MeasuredLeg, number>> | null {
  const usable = measured.filter(worth => worth?.fingerprint === fingerprint && worth.passages >= FEWEST_PASSAGES)
  const sum = (leg: MeasuredLeg) =>
    usable.reduce((total, worth) => total + worth!.meanReciprocalRank[leg] * worth!.chunks, 0)
  const total = sum('dense') + sum('bm25')
  return total > 0 ? { dense: sum('dense') / total, bm25: sum('bm25') / total } : null
}

/** Whether it is time to measure: there are enough chunks, and half as many more or fewer than the last time. Pure. */
export function isWorthDue(last: LegWorth | null, chunks: number, fingerprint: string): boolean {
  if (chunks < 2 * FEWEST_PASSAGES) return false
  if (last?.fingerprint !== fingerprint) return true
  return chunks >= 1.5 * last.chunks || chunks <= last.chunks / 1.5
}
