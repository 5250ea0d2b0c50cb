import { type Ranked, byScoreThenId } from './ranked.ts'

/** A leg's list with its scores brought to 0…1, and how much it counts for. */
export interface WeightedList {
  /** Each id once. */
  readonly items: readonly Ranked[]
  readonly weight: number
}

/** The sum of weight × score over the lists, where an absent item has 0; between 0 and 1 when the weights add up to 1. */
export function weightedSum(lists: readonly WeightedList[]): Ranked[] {
  const totals = new Map<string, number>()
  for (const { items, weight } of lists) {
    for (const { id, score } of items) totals.set(id, (totals.get(id) ?? 0) + weight * score)
  }
  return [...totals].map(([id, score]) => ({ id, score })).sort(byScoreThenId)
}

/** Lowest of the pool → 0, highest → 1. A pool of equals is all 1: each was found as well as can be. */
export function minMax(items: readonly Ranked[]): Ranked[] {
  const scores = items.map(item => item.score)
  const low = Math.min(...scores)
  const span = Math.max(...scores) - low
  return items.map(({ id, score }) => ({ id, score: span > 0 ? (score - low) / span : 1 }))
}
