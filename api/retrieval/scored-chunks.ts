import type { ScoredPoint } from '../stores/vectors/vector-store.ts'
import type { Ranked } from './fusion/ranked.ts'
import type { RetrievedChunk } from './retriever.ts'
import type { FoundLeg } from './search-plan.ts'

/** Pure: a fused ranking as chunks, each with the best score that each way of searching gave it. */
export function asFound(ranking: readonly Ranked[], found: readonly FoundLeg[]): RetrievedChunk[] {
  const points = new Map<string, ScoredPoint>()
  const scores = { dense: new Map<string, number>(), bm25: new Map<string, number>() }
  for (const leg of found) {
    const best = scores[leg.using]
    for (const point of leg.points) {
      points.set(point.id, point)
      best.set(point.id, Math.max(point.score, best.get(point.id) ?? -Infinity))
    }
  }
  return ranking.map(({ id, score }) => {
    const [dense, bm25] = [scores.dense.get(id), scores.bm25.get(id)]
    return {
      ...points.get(id)!,
      score,
      scores: { ...(dense !== undefined && { dense }), ...(bm25 !== undefined && { bm25 }) },
    }
  })
}
