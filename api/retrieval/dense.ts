import { ApiError } from '../contract/error-codes.ts'
import type { SearchLeg } from '../stores/vectors/vector-store.ts'
import type { ActiveGeneration } from './collection-generations.ts'
import { type RetrievalParts, POOL } from './parts.ts'
import type { QueryEmbedder } from './query-embedder.ts'
import type { Retrieval, RetrievalQuery, Retriever } from './retriever.ts'
import { Stopwatch } from './stopwatch.ts'

/** Finds by meaning: the query's embedding against the chunks'. `score` is the cosine similarity, at most 1. */
export function denseRetriever(parts: RetrievalParts): Retriever {
  return {
    name: 'dense',
    async retrieve(query): Promise<Retrieval> {
      const stopwatch = new Stopwatch()
      const obstacle = await denseObstacle(parts, query)
      if (obstacle) throw new ApiError('KB_CONFIG_ERROR', obstacle.message)
      const { leg, trace } = await denseLeg(parts, query, stopwatch)
      const [found = []] = await stopwatch.time('search', () =>
        parts.vectors.search(query.scope.vectors(query.knowledgeBaseIds), { ...narrowing(query), legs: [leg] }),
      )
      return {
        retriever: 'dense',
        chunks: found.slice(0, query.topK).map(point => ({ ...point, scores: { dense: point.score } })),
        timings: stopwatch.timings,
        trace: { legs: { dense: { ...trace, candidates: found.length } } },
      }
    },
  }
}

/** The parts of a query that every search hands on to the store. */
export function narrowing({ filter, signal }: RetrievalQuery): Pick<RetrievalQuery, 'filter' | 'signal'> {
  return { ...(filter && { filter }), ...(signal && { signal }) }
}

/** The leg that looks for the query's embedding. Ask {@link denseObstacle} before. */
export async function denseLeg(
  parts: RetrievalParts,
  query: RetrievalQuery,
  stopwatch: Stopwatch,
): Promise<{ leg: SearchLeg; trace: Record<string, unknown> }> {
  const embedder = parts.embedder!
  const { vector, cached } = await stopwatch.time('embed', () => embedder.embed(query.scope, query.text, query.signal))
  return {
    leg: { using: 'dense', vector, limit: POOL },
    trace: { model: embedder.model, fingerprint: embedder.fingerprint, embedding_cached: cached },
  }
}

export interface Obstacle {
  /** `absent`: there are no vectors to compare, so another leg may stand in. `mismatch`: there are, of another space. */
  readonly kind: 'absent' | 'mismatch'
  readonly message: string
}

/** Why the query's embedding cannot be compared with the stored ones; null when it can. */
export async function denseObstacle(parts: RetrievalParts, query: RetrievalQuery): Promise<Obstacle | null> {
  if (!parts.embedder) {
    const message =
      'no embedding model is loaded (EMBEDDING_PROVIDER is none, or its model was not found; /ready says which), so only the retriever bm25 works'
    return { kind: 'absent', message }
  }
  const generation = await parts.generations.of(query.scope.collection)
  return generation ? spaceObstacle(parts.embedder, generation) : null
}

function spaceObstacle(embedder: QueryEmbedder, generation: ActiveGeneration): Obstacle | null {
  if (generation.model === null) {
    const message = `the documents were indexed without an embedding model, so only the retriever bm25 works until they are indexed again with ${embedder.model}`
    return { kind: 'absent', message }
  }
  if (generation.fingerprint === embedder.fingerprint) return null
  const { model, space } = embedder
  const same = generation.model === model && generation.dimension === space.dimension
  // Same model, other fingerprint: what changed is how text is analysed or similarity measured.
  const message = same
    ? `the documents were indexed by a version with another text analysis or distance (fingerprint ${generation.fingerprint}, now ${embedder.fingerprint}; model ${model}): index them again`
    : `the documents were embedded with ${generation.model} (${generation.dimension} dimensions, fingerprint ${generation.fingerprint}), queries are embedded with ${model} (${space.dimension} dimensions, fingerprint ${embedder.fingerprint}), and the two cannot be compared: set the pipeline's embedding model back, or index the documents again`
  return { kind: 'mismatch', message }
}
