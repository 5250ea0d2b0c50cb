import { type Ranked, byScoreThenId, ranking } from './ranked.ts'

/** Of the original paper (Cormack, Clarke, Büttcher 2009). Qdrant's own default is 2, which is another fusion. */
export const DEFAULT_K = 60

/**
 * Reciprocal rank fusion: an item's score is the sum of `1 / (k + rank)` over the lists that hold it, ranks from 1, divided
 * by the most that is possible, so that 1 means first everywhere. Looks at ranks only: a leg that is out of its depth
 * has the same say as one that is sure.
 */
export function reciprocalRank(lists: readonly (readonly Ranked[])[], k = DEFAULT_K): Ranked[] {
  const totals = new Map<string, number>()
  for (const list of lists) {
    ranking(list).forEach(({ id }, index) => totals.set(id, (totals.get(id) ?? 0) + 1 / (k + index + 1)))
  }
  const most = lists.length / (k + 1)
  return [...totals].map(([id, total]) => ({ id, score: total / most })).sort(byScoreThenId)
}
