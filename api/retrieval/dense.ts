import { ApiError } from '../contract/error-codes.ts'
import type { ActiveGeneration } from './collection-generations.ts'
import type { PreparedLeg, RetrievalParts } from './parts.ts'
import type { QueryEmbedder } from './query-embedder.ts'
import type { RetrievalQuery } from './retriever.ts'
import type { Planner } from './search-plan.ts'
import { singleLeg } from './single-leg.ts'
import type { Stopwatch } from './stopwatch.ts'

/** Finds by meaning: the query's embedding against the chunks'. `score` is the cosine similarity, at most 1. */
export function densePlanner(parts: RetrievalParts): Planner {
  return async query => {
    const obstacle = await denseObstacle(parts, query)
    if (obstacle) throw new ApiError('KB_CONFIG_ERROR', obstacle.message)
    return {
      retriever: 'dense',
      legs: [{ name: 'dense', using: 'dense', text: query.hypothetical ?? query.text }],
      depth: query.topK,
      combine: singleLeg,
    }
  }
}

/** The leg that looks for a text's embedding. Ask {@link denseObstacle} before. */
export async function denseLeg(
  parts: RetrievalParts,
  text: string,
  { scope, signal }: Pick<RetrievalQuery, 'scope' | 'signal'>,
  stopwatch: Stopwatch,
): Promise<PreparedLeg> {
  const embedder = parts.embedder!
  const { vector, cached } = await stopwatch.time('embed', () => embedder.embed(scope, text, signal))
  return {
    leg: { using: 'dense', vector },
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
