import { ApiError } from '../contract/error-codes.ts'
import { bm25Planner } from './bm25.ts'
import { denseObstacle } from './dense.ts'
import { calibratedScore } from './fusion/calibrated-score.ts'
import { fuseLists } from './fusion/fuse-lists.ts'
import { pooledWorth } from './fusion/leg-worth.ts'
import { type RetrievalParts, searchedStatistics } from './parts.ts'
import type { RetrievalQuery } from './retriever.ts'
import { asFound } from './scored-chunks.ts'
import type { Combined, FoundLeg, Planner } from './search-plan.ts'

/**
 * Finds by meaning and by words, and fuses the two. `score` is between 0 and 1, and relative: 1 is a chunk that is the best
 * of both legs, whatever they found. Where there are no embeddings, BM25 answers alone.
 */
export function hybridPlanner(parts: RetrievalParts): Planner {
  return async (query, stopwatch) => {
    const obstacle = await denseObstacle(parts, query)
    // Answering with half of what was asked would hide a broken configuration; having no vectors at all is a mode.
    if (obstacle?.kind === 'mismatch') throw new ApiError('KB_CONFIG_ERROR', obstacle.message)
    if (obstacle) {
      const fallback = { from: 'hybrid', to: 'bm25', reason: obstacle.message }
      return { ...(await bm25Planner(query, stopwatch)), trace: { fallback } }
    }
    const worth = await legWorth(parts, query)
    return {
      retriever: 'hybrid',
      legs: [
        { name: 'dense', using: 'dense', text: query.hypothetical ?? query.text },
        { name: 'bm25', using: 'bm25', text: query.text },
      ],
      combine: found => fuseLegs(found, query.fusion, worth),
    }
  }
}

/** What has been measured of the searched knowledge bases; null where nothing was. */
export async function legWorth(parts: RetrievalParts, query: RetrievalQuery) {
  if (!parts.embedder) return null
  const known = await searchedStatistics(parts, query)
  return pooledWorth(known.map(one => one.legWorth), parts.embedder.fingerprint) // prettier-ignore
}

/**
 * Pure: the legs' lists as one, each chunk with what each leg gave it. Standard scores count for what the legs are worth, where
 * that has been measured and the request does not say it; legs that search in the same way share what it is worth.
 */
export function fuseLegs(
  found: readonly FoundLeg[],
  fusion: RetrievalQuery['fusion'],
  worth: ReturnType<typeof pooledWorth>,
): Combined {
  const { weights: wanted, method = wanted ? 'min_max' : 'standard_score' } = fusion ?? {}
  const lists = found.map(({ name, using, points }) => ({
    name,
    items: points,
    ...(using === 'bm25' && { floor: 0 }),
    ...(wanted?.[using] !== undefined && { weight: wanted[using] }),
  }))
  const calibrated = method === 'standard_score' && worth
  const { items, weights } = calibrated ? calibratedScore(lists, shares(found, worth)) : fuseLists(method, lists)
  return { chunks: asFound(items, found), trace: { fusion: method, weights, ...(calibrated && { leg_worth: worth }) } }
}

/** By the legs' names. */
function shares(found: readonly FoundLeg[], worth: NonNullable<ReturnType<typeof pooledWorth>>) {
  const alike = (way: FoundLeg['using']) => found.filter(({ using }) => using === way).length
  return Object.fromEntries(found.map(({ name, using }) => [name, worth[using] / alike(using)]))
}
