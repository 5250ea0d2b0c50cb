import type { Ranked } from '../retrieval/fusion/ranked.ts'
import { spread } from '../retrieval/fusion/standard-score.ts'

/** Where a leg would list a chunk that is not in its list. */
export interface Standing {
  /** Place from 1; null: not among the first ones. */
  readonly place: number | null
  /** Standard deviations above the mean of the list, as fusion counts them: what is below the last counts as the last. */
  readonly standardScore: number
}

/**
 * @param list the leg's answer, best first, at most `limit`
 * @param without the chunk as the store holds it, with the passage that is asked for: it counts for nothing
 * @param population how many chunks it is compared with: as many as the longest of the legs' lists, as in fusion
 * @param floor what the leg gives a chunk that it does not list, where that is known
 */
export function standingOf(
  list: readonly Ranked[],
  without: string,
  score: number,
  { limit, population, floor }: { readonly limit: number; readonly population: number; readonly floor?: number },
): Standing {
  const others = list.filter(({ id }) => id !== without)
  const before = others.filter(other => other.score > score).length
  const listed = before < others.length || (others.length < limit - 1 && score > 0)
  if (others.length === 0) return { place: listed ? 1 : null, standardScore: 0 }
  // A full list without the chunk is one shorter: a floor in its place would be an outlier among a hundred good ones.
  const compared = population - (list.length - others.length)
  const { mean, deviation, lowest } = spread({ name: '', items: others, ...(floor !== undefined && { floor }) }, compared) // prettier-ignore
  return {
    place: listed ? before + 1 : null,
    standardScore: deviation > 0 ? (Math.max(score, lowest) - mean) / deviation : 0,
  }
}

/** What is not listed counts as 0. Pure. */
export function meanReciprocal(places: readonly (number | null)[]): number {
  return places.reduce<number>((sum, one) => sum + (one === null ? 0 : 1 / one), 0) / Math.max(1, places.length)
}

/** Never below 0: a leg that puts the right chunks below the others says nothing. Pure. */
export function meanStandardScore(standings: readonly Standing[]): number {
  const sum = standings.reduce((total, { standardScore }) => total + standardScore, 0)
  return Math.max(0, sum / Math.max(1, standings.length))
}
