import type { Combined, FoundLeg } from './search-plan.ts'

/** A list as it came: the score is the leg's own. */
export function singleLeg([leg]: readonly FoundLeg[]): Combined {
  if (!leg) return { chunks: [] }
  return { chunks: leg.points.map(point => ({ ...point, scores: { [leg.using]: point.score } })) }
}
