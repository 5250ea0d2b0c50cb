import { ApiError } from '../contract/error-codes.ts'
import type { ScoredPoint, SearchLeg } from '../stores/vectors/vector-store.ts'
import { bm25Leg } from './bm25.ts'
import { denseLeg, denseObstacle, narrowing } from './dense.ts'
import { standardScore } from './fusion/standard-score.ts'
import type { RetrievalParts } from './parts.ts'
import type { RetrievedChunk, Retrieval, RetrievalQuery, Retriever } from './retriever.ts'
import { Stopwatch } from './stopwatch.ts'

/**
 * Finds by meaning and by words, in one request to the store, and fuses the two. `score` is between 0 and 1, and relative:
 * 1 is a chunk that is the best of both legs, whatever they found. Where there are no embeddings, BM25 answers alone.
 *
 * @param bm25 stands in where there are no embeddings
 */
export function hybridRetriever(parts: RetrievalParts, bm25: Retriever): Retriever {
  return {
    name: 'hybrid',
    async retrieve(query): Promise<Retrieval> {
      const obstacle = await denseObstacle(parts, query)
      // Answering with half of what was asked would hide a broken configuration; having no vectors at all is a mode.
      if (obstacle?.kind === 'mismatch') throw new ApiError('KB_CONFIG_ERROR', obstacle.message)
      if (obstacle) return withFallback(await bm25.retrieve(query), obstacle.message)
      return bothLegs(parts, query)
    },
  }
}

function withFallback(retrieval: Retrieval, reason: string): Retrieval {
  return { ...retrieval, trace: { ...retrieval.trace, fallback: { from: 'hybrid', to: retrieval.retriever, reason } } }
}

async function bothLegs(parts: RetrievalParts, query: RetrievalQuery): Promise<Retrieval> {
  const stopwatch = new Stopwatch()
  const [dense, bm25] = await Promise.all([denseLeg(parts, query, stopwatch), bm25Leg(parts, query, stopwatch)])
  const legs: SearchLeg[] = bm25.leg ? [dense.leg, bm25.leg] : [dense.leg]
  const [byMeaning = [], byWords = []] = await stopwatch.time('search', () =>
    parts.vectors.search(query.scope.vectors(query.knowledgeBaseIds), { ...narrowing(query), legs }),
  )
  const { chunks, weights } = await stopwatch.time('fuse', () => fuse(byMeaning, byWords, query.topK))
  return {
    retriever: 'hybrid',
    chunks,
    timings: stopwatch.timings,
    trace: {
      fusion: 'standard-score',
      weights,
      legs: {
        dense: { ...dense.trace, candidates: byMeaning.length },
        bm25: { ...bm25.trace, candidates: byWords.length },
      },
    },
  }
}

/** Pure: the two lists as one, each chunk with what each leg gave it. */
function fuse(dense: readonly ScoredPoint[], bm25: readonly ScoredPoint[], topK: number) {
  const { items, weights } = standardScore([
    { name: 'dense', items: dense },
    { name: 'bm25', items: bm25, floor: 0 },
  ])
  const points = new Map([...bm25, ...dense].map(point => [point.id, point]))
  const denseScores = new Map(dense.map(({ id, score }) => [id, score]))
  const bm25Scores = new Map(bm25.map(({ id, score }) => [id, score]))
  const chunks = items.slice(0, topK).map(({ id, score }): RetrievedChunk => {
    const byMeaning = denseScores.get(id)
    const byWords = bm25Scores.get(id)
    return {
      ...points.get(id)!,
      score,
      scores: { ...(byMeaning !== undefined && { dense: byMeaning }), ...(byWords !== undefined && { bm25: byWords }) },
    }
  })
  return { chunks, weights }
}
