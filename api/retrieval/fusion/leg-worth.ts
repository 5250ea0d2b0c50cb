import type { LegWorth, MeasuredLeg } from '../../contract/leg-worth.ts'

/** A mean of so few passages says little. */
export const FEWEST_PASSAGES = 20

/**
 * What several knowledge bases' legs are worth together, adding up to 1: each knowledge base counts by its chunks. A leg is
 * worth how far, in standard deviations, it lifts the right chunk above the others: for a sum of standard scores those are
 * the weights that tell right from wrong best, as far as the legs err independently (Fisher 1936). Null
 * when none of them has been measured with these vectors. Pure.
 */
export function pooledWorth(
  measured: readonly (LegWorth | null)[],
  fingerprint: string,
): Readonly<Record<MeasuredLeg, number>> | null {
  const usable = measured
    .filter(worth => worth !== null)
    .filter(worth => worth.fingerprint === fingerprint && worth.passages >= FEWEST_PASSAGES)
    .map(worth => ({ shares: shares(worth), chunks: worth.chunks }))
    .filter(({ shares: { dense, bm25 } }) => dense + bm25 > 0)
  const chunks = usable.reduce((total, one) => total + one.chunks, 0)
  const pooled = (leg: MeasuredLeg) => usable.reduce((sum, one) => sum + one.shares[leg] * one.chunks, 0) / chunks
  return chunks > 0 ? { dense: pooled('dense'), bm25: pooled('bm25') } : null
}

/** Of one knowledge base. Adding up to 1, or to 0 where neither leg finds anything. */
function shares({ standardScore, meanReciprocalRank }: LegWorth): Readonly<Record<MeasuredLeg, number>> {
  const { dense, bm25 } = standardScore ?? meanReciprocalRank
  const total = dense + bm25
  return total > 0 ? { dense: dense / total, bm25: bm25 / total } : { dense, bm25 }
}

/** Whether it is time to measure: there are enough chunks, and half as many more or fewer than the last time. Pure. */
export function isWorthDue(last: LegWorth | null, chunks: number, fingerprint: string): boolean {
  if (chunks < 2 * FEWEST_PASSAGES) return false
  if (last?.fingerprint !== fingerprint || !last.standardScore) return true
  return chunks >= 1.5 * last.chunks || chunks <= last.chunks / 1.5
}
