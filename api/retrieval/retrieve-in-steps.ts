import type { QueryTransformName, RerankMode, ResultGrouping, RetrieverName } from '../contract/retrieval.ts'
import { attempt } from '../providers/llms/structured-answer.ts'
import { reciprocalRank } from './fusion/reciprocal-rank.ts'
import { NO_LLM } from './instead-of.ts'
import { POOL, type RetrievalParts } from './parts.ts'
import { contextWindow } from './post-processing/context-window.ts'
import { deduplicate } from './post-processing/deduplicate.ts'
import { groupByDocument } from './post-processing/group-by-document.ts'
import { queryTransforms } from './query-transforms/index.ts'
import type { TransformInput, Transformed } from './query-transforms/transform.ts'
import { rerank } from './rerank/rerank.ts'
import type { Retrieval, RetrievalQuery, RetrievedChunk, Retriever } from './retriever.ts'
import { Stopwatch } from './stopwatch.ts'

/** What happens before and after a retriever. */
export interface RetrievalSteps {
  readonly transform: QueryTransformName
  readonly rerank: RerankMode
  readonly groupBy: ResultGrouping
  /** Neighbours on each side; 0: none. */
  readonly contextWindow: number
  readonly scoreThreshold?: number | undefined
}

/** In this order: transform the question, retrieve, each text once, rerank, group, threshold, context window. */
export async function retrieveInSteps(
  parts: Pick<RetrievalParts, 'vectors' | 'passages'>,
  retriever: Retriever,
  query: RetrievalQuery,
  knowledgeBases: TransformInput['knowledgeBases'],
  steps: RetrievalSteps,
): Promise<Retrieval & { readonly retriever: RetrieverName }> {
  const stopwatch = new Stopwatch()
  const { transformed, trace: transform } = await transformQuery(query, knowledgeBases, steps.transform, stopwatch)
  const searched = { ...query, ...(transformed.knowledgeBaseIds && { knowledgeBaseIds: transformed.knowledgeBaseIds }) }
  const found = await retrieveAll(retriever, searched, transformed, candidates(query.topK, steps))
  const distinct = deduplicate(found.chunks)
  const reranked =
    steps.rerank === 'none'
      ? { chunks: distinct, trace: {} }
      : await stopwatch.time('rerank', () =>
          rerank(parts, searched, steps.rerank as Exclude<RerankMode, 'none'>, distinct),
        )
  const { scoreThreshold: threshold, contextWindow: reach } = steps
  const grouped = steps.groupBy === 'document' ? groupByDocument(reranked.chunks) : reranked.chunks
  const good = threshold === undefined ? grouped : grouped.filter(({ score }) => score >= threshold)
  const limit = query.topK
  const wide =
    reach === 0 || good.length === 0
      ? { chunks: good.slice(0, limit), trace: {} }
      : await stopwatch.time('passages', () => contextWindow(parts.passages, query.scope, good, { reach, limit }))
  return {
    ...found,
    chunks: wide.chunks,
    timings: { ...found.timings, ...stopwatch.timings },
    trace: {
      ...found.trace,
      ...transform,
      ...reranked.trace,
      ...wide.trace,
      duplicates: found.chunks.length - distinct.length,
      ...(steps.groupBy === 'document' && { documents: grouped.length }),
      below_threshold: grouped.length - good.length,
    },
  }
}

/** Enough that what is the same, or judged bad, or part of a better one can be left out. Documents: all that there are. */
function candidates(topK: number, { rerank, contextWindow, groupBy }: RetrievalSteps): number {
  if (groupBy === 'document') return 2 * POOL
  return rerank === 'none' && contextWindow === 0 ? Math.min(POOL, 2 * topK + 10) : POOL
}

async function transformQuery(
  { text, models, signal }: RetrievalQuery,
  knowledgeBases: TransformInput['knowledgeBases'],
  name: QueryTransformName,
  stopwatch: Stopwatch,
): Promise<{ transformed: Transformed; trace: Record<string, unknown> }> {
  if (name === 'none') return { transformed: {}, trace: {} }
  const told = (more: Record<string, unknown>) => ({ query_transform: { name, ...more } })
  const llm = models?.llm
  if (!llm) return { transformed: {}, trace: told({ skipped: NO_LLM }) }
  const done = await stopwatch.time('transform', () =>
    attempt(() => queryTransforms[name].transform({ text, knowledgeBases, signal }, llm)),
  )
  if ('reason' in done) return { transformed: {}, trace: told({ skipped: done.reason }) }
  const { queries, hypothetical, knowledgeBaseIds } = done.value
  const made = {
    ...(queries && { queries }),
    ...(hypothetical && { hypothetical }),
    ...(knowledgeBaseIds && { knowledge_base_ids: knowledgeBaseIds }),
  }
  return { transformed: done.value, trace: told({ llm: { provider: llm.provider, model: llm.model }, ...made }) }
}

/** Side by side; several lists become one by rank. */
async function retrieveAll(
  retriever: Retriever,
  query: RetrievalQuery,
  { queries = [query.text], hypothetical }: Transformed,
  topK: number,
): Promise<Retrieval> {
  const all = await Promise.all(
    queries.map(text => retriever.retrieve({ ...query, text, topK, ...(hypothetical && { hypothetical }) })),
  )
  const [first] = all
  if (all.length === 1 && first) return first
  const chunks = new Map<string, RetrievedChunk>()
  for (const chunk of all.toReversed().flatMap(one => one.chunks)) chunks.set(chunk.id, chunk)
  const ranking = reciprocalRank(all.map(one => one.chunks))
  return {
    retriever: first!.retriever,
    chunks: ranking.map(({ id, score }) => ({ ...chunks.get(id)!, score })).slice(0, topK),
    timings: first!.timings,
    trace: { ...first!.trace, each: all.map(({ trace }) => trace['legs'] ?? null) },
  }
}
