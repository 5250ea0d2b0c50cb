import { type Ranked, byScoreThenId, ranking } from './ranked.ts'

/** Of the original paper (Cormack, Clarke, Büttcher 2009). Qdrant's own default is 2, which is another fusion. */
export const DEFAULT_K = 60

/**
 * Reciprocal rank fusion: an item's score is the sum of `weight / (k + rank)` over the lists that hold it, ranks from 1,
 * divided by the most that is possible, so that 1 means first everywhere. Looks at ranks only: a leg that is out of its
 * depth has the same say as one that is sure, unless weights say otherwise.
 *
 * @param options.weights one a list, in their order; 1 each when not given
 */
export function reciprocalRank(
  lists: readonly (readonly Ranked[])[],
  { k = DEFAULT_K, weights = lists.map(() => 1) }: { k?: number; weights?: readonly number[] } = {},
): Ranked[] {
  const totals = new Map<string, number>()
  for (const [place, list] of lists.entries()) {
    const weight = weights[place] ?? 1
    ranking(list).forEach(({ id }, index) => totals.set(id, (totals.get(id) ?? 0) + weight / (k + index + 1)))
  }
  const most = weights.reduce((sum, weight) => sum + weight, 0) / (k + 1)
  return [...totals].map(([id, total]) => ({ id, score: total / most })).sort(byScoreThenId)
}
