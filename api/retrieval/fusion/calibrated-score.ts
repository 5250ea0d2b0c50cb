import { type Fused, type Leg, spread } from './standard-score.ts'
import { weightedSum } from './weighted.ts'

/**
 * Fuses legs whose worth for these chunks has been measured (leg-worth.ts): the sum of standard scores, each leg's times
 * its worth. What a leg does not list counts as its last. The sum is shifted and divided so that 1 is "the best of every leg"
 * and 0 the last of all; that changes no order.
 *
 * @param worth by the legs' names, not negative
 */
export function calibratedScore(legs: readonly Leg[], worth: Readonly<Record<string, number>>): Fused {
  const population = Math.max(...legs.map(leg => leg.items.length))
  const judged = legs.map(leg => {
    const { items, deviation, lowest } = spread(leg, population)
    const range = (items[0]?.score ?? lowest) - lowest
    const scaled = items.map(({ id, score }) => ({ id, score: range > 0 ? (score - lowest) / range : 1 }))
    return { name: leg.name, items: scaled, say: deviation > 0 ? (worth[leg.name] ?? 0) * (range / deviation) : 0 }
  })
  const total = judged.reduce((sum, { say }) => sum + say, 0)
  // Where no leg of any worth distinguishes anything, all have the same say.
  const weigh = (say: number) => (total > 0 ? say / total : 1 / legs.length)
  return {
    items: weightedSum(judged.map(({ items, say }) => ({ items, weight: weigh(say) }))),
    weights: Object.fromEntries(judged.map(({ name, say }) => [name, weigh(say)])),
  }
}
