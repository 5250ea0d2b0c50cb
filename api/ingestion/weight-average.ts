/**
 * Stored sparse vectors are weighted with a rounded average length, on a grid of powers of 1.1. It is at most 5 % off,
 * which BM25 hardly feels; vectors are re-weighted only when the average crosses into another cell; and the end does not
 * depend on the order in which documents came. Pure.
 */
const STEP = Math.log(1.1)

/** @param average mean number of terms of a chunk */
export function weightFor(average: number): number {
  return average > 0 ? Math.exp(STEP * Math.round(Math.log(average) / STEP)) : 1
}

/** Postgres keeps four-byte floats. */
export function sameAverage(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-4 * Math.max(a, b)
}
