import { ApiError } from '../contract/error-codes.ts'
import type { ScoredPoint } from '../stores/vectors/vector-store.ts'
import { bm25Leg, termCorpus } from './bm25.ts'
import { cosine } from './cosine.ts'
import { denseLeg, denseObstacle } from './dense.ts'
import { byScoreThenId } from './fusion/ranked.ts'
import { fuseLegs, legWorth } from './hybrid.ts'
import { NO_LLM } from './instead-of.ts'
import { narrowing, POOL, type RetrievalParts, searchedStatistics } from './parts.ts'
import type { Retrieval, RetrievalQuery, RetrievedChunk, Retriever } from './retriever.ts'
import { Stopwatch } from './stopwatch.ts'
import type { TreeSummary } from './summary-trees/summary-tree-source.ts'

/** Summaries that lead to chunks, and how many chunks near each are looked at. */
const HITS = 5
const REACH = 30

interface Hit {
  readonly summary: TreeSummary
  /** Cosine of question and summary. */
  readonly score: number
}

/**
 * Searches chunks and summaries together (RAPTOR's collapsed tree, Sarthi et al. 2024), and words. A summary that fits leads to
 * the chunks that it was made of, so that a question about more than one chunk says finds those that say parts of it. What is
 * given is always chunks. For knowledge bases that have a tree (api/ingestion/summary-tree); others in the same request are
 * searched as `hybrid` does.
 *
 * All in one request to the store: near the question, near each summary, and by words, with the same scope and filter.
 */
export function raptorRetriever(parts: RetrievalParts, hybrid: Retriever): Retriever {
  return {
    name: 'raptor',
    async retrieve(query): Promise<Retrieval> {
      // Hybrid says what is wrong, or answers with words alone.
      if (await denseObstacle(parts, query)) return standIn(hybrid, query)
      const stopwatch = new Stopwatch()
      const tree = await stopwatch.time('tree', () => parts.summaryTrees.of(query.scope, query.knowledgeBaseIds, parts.embedder!.fingerprint)) // prettier-ignore
      if (tree.length === 0) await refuseTreeless(parts, query)
      const text = query.hypothetical ?? query.text
      const [question, words, worth] = await Promise.all([
        denseLeg(parts, text, query, stopwatch),
        termCorpus(parts, query, stopwatch).then(corpus => bm25Leg(query.text, corpus)),
        legWorth(parts, query),
      ])
      const vector = question.leg?.vector as Float32Array
      const hits = bestHits(tree, vector)
      const near = hits.map(({ summary }) => ({ using: 'dense', vector: summary.embedding, limit: REACH }) as const)
      const lists = await stopwatch.time('search', () =>
        parts.vectors.search(query.scope.vectors(query.knowledgeBaseIds), {
          ...narrowing(query),
          legs: [
            { using: 'dense', vector, limit: POOL },
            ...near,
            ...(words.leg ? [{ ...words.leg, limit: POOL }] : []),
          ],
        }),
      )
      const own = lists[0] ?? []
      const found = lists[hits.length + 1] ?? []
      const collapsed = collapse(own, hits, lists.slice(1, hits.length + 1))
      const legs = [
        { name: 'dense', using: 'dense', text, points: collapsed.points },
        { name: 'bm25', using: 'bm25', text: query.text, points: found },
      ] as const
      const fused = await stopwatch.time('fuse', () => fuseLegs(legs, query.fusion, worth))
      return {
        retriever: 'raptor',
        chunks: fused.chunks.slice(0, query.topK).map(chunk => withOwnScore(chunk, own)),
        timings: stopwatch.timings,
        trace: {
          ...fused.trace,
          summaries: hits.map(({ summary, score }, at) => ({ id: summary.id, level: summary.level, score, chunks: collapsed.reached[at] })), // prettier-ignore
          legs: {
            dense: { ...question.trace, candidates: own.length },
            bm25: { ...words.trace, candidates: found.length },
          },
        },
      }
    },
  }
}

/** Pure. Equal ones by id, so that equal questions get equal answers. */
function bestHits(tree: readonly TreeSummary[], vector: Float32Array): Hit[] {
  return tree
    .map(summary => ({ summary, score: cosine(vector, summary.embedding), id: summary.id }))
    .sort(byScoreThenId)
    .slice(0, HITS)
    .filter(({ score }) => score > 0)
}

/**
 * Pure: the chunks near the question and those below the summaries, best first. A chunk counts for its own likeness to the
 * question, or for the way over its summary (question to summary times summary to chunk), whichever is more.
 */
export function collapse(own: readonly ScoredPoint[], hits: readonly Hit[], near: readonly (readonly ScoredPoint[])[]) {
  const best = new Map(own.map(point => [point.id, point]))
  const reached = hits.map(({ summary, score }, at) => {
    const below = (near[at] ?? []).filter(({ chunkId }) => summary.chunkIds.has(chunkId))
    for (const point of below) {
      const way = score * point.score
      if (way > (best.get(point.id)?.score ?? -Infinity)) best.set(point.id, { ...point, score: way })
    }
    return below.length
  })
  return { points: [...best.values()].sort(byScoreThenId), reached }
}

/** `scores.dense` is the chunk's own likeness to the question, where that was seen. */
function withOwnScore(chunk: RetrievedChunk, own: readonly ScoredPoint[]): RetrievedChunk {
  const { dense: _, ...others } = chunk.scores
  const point = own.find(({ id }) => id === chunk.id)
  return { ...chunk, scores: { ...(point && { dense: point.score }), ...others } }
}

async function standIn(hybrid: Retriever, query: RetrievalQuery): Promise<Retrieval> {
  const found = await hybrid.retrieve(query)
  const reason = 'there are no embeddings to compare summaries with'
  return { ...found, trace: { ...found.trace, fallback: { from: 'raptor', to: found.retriever, reason } } }
}

/** An empty knowledge base needs no tree. @throws ApiError KB_CONFIG_ERROR */
async function refuseTreeless(parts: RetrievalParts, query: RetrievalQuery): Promise<void> {
  const filled = (await searchedStatistics(parts, query)).filter(({ chunkCount }) => chunkCount > 1)
  if (filled.length === 0) return
  const why = query.models && !query.models.llm ? `${NO_LLM}, which would write it; set one` : 'set it, and wait for the worker to write it' // prettier-ignore
  throw new ApiError(
    'KB_CONFIG_ERROR',
    `the knowledge base has no summary tree: it is made for those whose retrieval.default_retriever is raptor, when their documents are ready; ${why}, or ask with another retriever`,
  )
}
