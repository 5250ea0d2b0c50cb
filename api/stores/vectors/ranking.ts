import type { ScoredPoint, StoredPoint } from './vector-store.ts'

/**
 * How many more points than asked for are fetched: engines cut a list in the middle of equal scores as they please, and
 * with a few more the ones with the smallest ids are at hand.
 */
export const TIE_MARGIN = 16

/** Orders runs of equal scores by id, which engines do not, and cuts. The list comes best first, whichever way that is. */
export function rank(points: readonly ScoredPoint[], limit: number): ScoredPoint[] {
  const places = new Map<number, number>()
  for (const { score } of points) if (!places.has(score)) places.set(score, places.size)
  const place = (point: ScoredPoint) => places.get(point.score) ?? 0
  return points.toSorted((a, b) => place(a) - place(b) || compareIds(a, b)).slice(0, limit)
}

export function byDocumentAndPosition(a: StoredPoint, b: StoredPoint): number {
  if (a.documentId !== b.documentId) return a.documentId < b.documentId ? -1 : 1
  return a.position - b.position || compareIds(a, b)
}

function compareIds(a: StoredPoint, b: StoredPoint): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
