import type { FusionMethod } from '../../contract/retrieval.ts'
import { ranking } from './ranked.ts'
import { reciprocalRank } from './reciprocal-rank.ts'
import { type Fused, type Leg, standardScore } from './standard-score.ts'
import { minMax, weightedSum } from './weighted.ts'

export interface WeightedLeg extends Leg {
  /** Above 0; what is not said is 1. `standard_score` weighs for itself. */
  readonly weight?: number
}

/** Lists as one, by the method of that name. Names are told apart by `name`. Pure. */
export function fuseLists(method: FusionMethod, legs: readonly WeightedLeg[]): Fused {
  if (method === 'standard_score') return standardScore(legs)
  const total = legs.reduce((sum, { weight = 1 }) => sum + weight, 0)
  const weights = legs.map(({ weight = 1 }) => weight / total)
  const items =
    method === 'rrf'
      ? reciprocalRank(legs.map(leg => leg.items), { weights }) // prettier-ignore
      : weightedSum(legs.map((leg, index) => ({ items: minMax(ranking(leg.items)), weight: weights[index]! })))
  return { items, weights: Object.fromEntries(legs.map(({ name }, index) => [name, weights[index]!])) }
}
