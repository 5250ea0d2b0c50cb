import type { RerankMode } from '../../contract/retrieval.ts'
import { attempt } from '../../providers/llms/structured-answer.ts'
import type { Reranker } from '../../providers/rerankers/reranker.ts'
import { analyze } from '../bm25/analyzer.ts'
import { cosine } from '../cosine.ts'
import { minMax } from '../fusion/weighted.ts'
import type { RetrievalParts } from '../parts.ts'
import type { RetrievalModels, RetrievalQuery, RetrievedChunk } from '../retriever.ts'
import { llmReranker } from './llm-reranker.ts'
import { maximalMarginalRelevance, MMR_LAMBDA, overlap } from './mmr.ts'

/** How many candidates are judged. A language model reads them all in one prompt. */
const JUDGED = { model: 50, llm: 20 } as const

export interface Reranked {
  /** Best first; those that were not judged are left out. */
  readonly chunks: readonly RetrievedChunk[]
  readonly trace: Readonly<Record<string, unknown>>
}

type Means = { readonly mode: 'mmr' } | { readonly mode: 'model' | 'llm'; readonly reranker: Reranker }

/** Pure: with what; the reason when what is asked for is not there. `auto` takes the best there is. */
export function chooseMeans(mode: Exclude<RerankMode, 'none'>, { reranker, llm }: RetrievalModels): Means | string {
  if (mode === 'mmr') return { mode }
  if (reranker && mode !== 'llm') return { mode: 'model', reranker }
  if (llm && mode !== 'model') return { mode: 'llm', reranker: llmReranker(llm) }
  if (mode === 'auto') return { mode: 'mmr' }
  return mode === 'model'
    ? 'no reranker is configured (RERANK_PROVIDER); the order is the retriever’s'
    : 'no LLM is configured (LLM_PROVIDER); the order is the retriever’s'
}

/** Orders candidates anew. What fails leaves them in their order, and the trace says why: they are still an answer. */
export async function rerank(
  parts: Pick<RetrievalParts, 'vectors'>,
  query: RetrievalQuery,
  mode: Exclude<RerankMode, 'none'>,
  chunks: readonly RetrievedChunk[],
): Promise<Reranked> {
  const means = chooseMeans(mode, query.models ?? { llm: null, reranker: null })
  if (typeof means === 'string') return { chunks, trace: { rerank: { mode: 'none', asked: mode, reason: means } } }
  if (means.mode === 'mmr') return diversify(parts, query, chunks)
  const { provider, model } = means.reranker
  const judged = chunks.slice(0, Math.max(JUDGED[means.mode], query.topK))
  const done = await attempt(() =>
    means.reranker.rerank({ query: query.text, texts: judged.map(({ text }) => text), signal: query.signal }),
  )
  const trace = { mode: means.mode, provider, model, candidates: judged.length }
  if ('reason' in done)
    return { chunks, trace: { rerank: { ...trace, mode: 'none', asked: mode, reason: done.reason } } }
  const scored = judged.map((chunk, index) => withScore(chunk, done.value[index] ?? 0))
  // Stable: where the model sees no difference, the retriever's order counts.
  return { chunks: scored.sort((a, b) => b.score - a.score), trace: { rerank: trace } }
}

async function diversify(
  { vectors }: Pick<RetrievalParts, 'vectors'>,
  query: RetrievalQuery,
  chunks: readonly RetrievedChunk[],
): Promise<Reranked> {
  const judged = chunks.slice(0, JUDGED.model)
  const ids = judged.map(({ id }) => id)
  const scope = query.scope.vectors(query.knowledgeBaseIds)
  const embeddings = ids.length === 0 ? new Map<string, Float32Array>() : await vectors.embeddings(scope, ids)
  const compared = embeddings.size === ids.length ? 'embeddings' : 'words'
  const terms =
    compared === 'words' ? new Map(judged.map(({ id, text }) => [id, new Set(analyze(text).terms.keys())])) : null
  const similarity = (a: string, b: string) =>
    terms ? overlap(terms.get(a)!, terms.get(b)!) : Math.max(0, cosine(embeddings.get(a)!, embeddings.get(b)!))
  const relevance = minMax(judged)
  const ranked = maximalMarginalRelevance(relevance.map(({ id, score }) => ({ id, relevance: score })), similarity) // prettier-ignore
  const byId = new Map(judged.map(chunk => [chunk.id, chunk]))
  return {
    chunks: ranked.map(({ id, value }) => withScore(byId.get(id)!, value)),
    trace: { rerank: { mode: 'mmr', lambda: MMR_LAMBDA, compared, candidates: judged.length } },
  }
}

function withScore(chunk: RetrievedChunk, score: number): RetrievedChunk {
  return { ...chunk, score, scores: { ...chunk.scores, rerank: score } }
}
