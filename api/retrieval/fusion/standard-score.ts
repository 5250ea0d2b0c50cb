import { type Ranked, ranking } from './ranked.ts'
import { weightedSum } from './weighted.ts'

/** One leg's answer to a query. */
export interface Leg {
  readonly name: string
  readonly items: readonly Ranked[]
  /** What the leg would give an item of the pool that it does not list: 0 for BM25 (no term in common). */
  readonly floor?: number
}

export interface Fused {
  /** Best first; scores between 0 and 1. */
  readonly items: readonly Ranked[]
  /** How much each leg counted for, adding up to 1. */
  readonly weights: Readonly<Record<string, number>>
}

/**
 * Fuses legs by standard scores: an item counts for how many standard deviations it stands above the mean of its leg's
 * pool. So scales do not matter, and a leg says for itself, query by query, how sure it is: one that finds its best
 * items far out of the crowd has more weight than one for which everything is alike, as for an embedding model that
 * does not know the language. Nothing is tuned; docs/retrieval.md has the figures beside the other fusions.
 *
 * The sum is divided by the most that is possible, so that 1 is "the best of every leg". That makes it a weighted sum of
 * `(score − mean) / (best − mean)` with weights in proportion to each leg's best standard score.
 */
export function standardScore(legs: readonly Leg[]): Fused {
  // Legs must be judged over one population: where a leg lists fewer than another, the rest have its floor.
  const population = Math.max(...legs.map(leg => leg.items.length))
  const judged = legs.map(leg => judge(leg, population))
  const total = judged.reduce((sum, leg) => sum + leg.distinction, 0)
  // Nobody distinguishes anything (one chunk, or all alike): then all have the same say.
  const weigh = (distinction: number) => (total > 0 ? distinction / total : 1 / legs.length)
  return {
    items: weightedSum(judged.map(leg => ({ items: leg.items, weight: weigh(leg.distinction) }))),
    weights: Object.fromEntries(judged.map(leg => [leg.name, weigh(leg.distinction)])),
  }
}

interface JudgedLeg {
  readonly name: string
  /** Scores from 0 (the mean of the pool, or below) to 1 (its best). */
  readonly items: readonly Ranked[]
  /** Standard score of the leg's best item. */
  readonly distinction: number
}

function judge(leg: Leg, population: number): JudgedLeg {
  const { items, mean, deviation } = spread(leg, population)
  const best = items[0]?.score ?? 0
  if (deviation === 0) return { name: leg.name, items: items.map(({ id }) => ({ id, score: 1 })), distinction: 0 }
  return {
    name: leg.name,
    items: items.map(({ id, score }) => ({ id, score: Math.max(0, (score - mean) / (best - mean)) })),
    distinction: (best - mean) / deviation,
  }
}

export interface Spread {
  /** Best first. */
  readonly items: readonly Ranked[]
  readonly mean: number
  /** 0 when nothing is distinguished. */
  readonly deviation: number
  /** Score of the last of the population. */
  readonly lowest: number
}

/** How a leg's scores lie over a population, of which it may list only the first ones. */
export function spread({ items: listed, floor }: Leg, population: number): Spread {
  const items = ranking(listed)
  const scores = items.map(item => item.score)
  if (floor !== undefined) while (scores.length < population) scores.push(floor)
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length)
  // Equal texts have equal scores but for rounding; that must not look like a distinction.
  const distinguishes = deviation > 1e-6 * Math.abs(items[0]?.score ?? 0)
  return { items, mean, deviation: distinguishes ? deviation : 0, lowest: scores.at(-1) ?? 0 }
}
