import { z } from 'zod'
import { defined } from '../../contract/defined.ts'
import { type ChunkingSettings, chunkingSchema } from '../../contract/chunking.ts'
import { type RetrievalSettings, retrievalSchema } from '../../contract/retrieval.ts'

const { chunker, chunkSize, chunkOverlap, enrichers } = chunkingSchema.shape
const { defaultRetriever, topK, scoreThreshold, rerank, queryTransform, contextWindow } = retrievalSchema.shape

/** Settings as JSON spells them: each may be left out, and is then the pipeline's. */
export const chunkingBody = z.strictObject({
  chunker: chunker
    .unwrap()
    .optional()
    .describe(chunker.description ?? ''),
  chunk_size: chunkSize
    .unwrap()
    .optional()
    .describe(chunkSize.description ?? ''),
  chunk_overlap: chunkOverlap
    .unwrap()
    .optional()
    .describe(chunkOverlap.description ?? ''),
  enrichers: enrichers
    .unwrap()
    .optional()
    .describe(enrichers.description ?? ''),
})

export const retrievalSettingsBody = z.strictObject({
  default_retriever: defaultRetriever
    .unwrap()
    .optional()
    .describe(defaultRetriever.description ?? ''),
  top_k: topK
    .unwrap()
    .optional()
    .describe(topK.description ?? ''),
  score_threshold: scoreThreshold.describe(scoreThreshold.description ?? ''),
  rerank: rerank
    .unwrap()
    .optional()
    .describe(rerank.description ?? ''),
  query_transform: queryTransform
    .unwrap()
    .optional()
    .describe(queryTransform.description ?? ''),
  context_window: contextWindow
    .unwrap()
    .optional()
    .describe(contextWindow.description ?? ''),
})

export function readChunking(body: z.output<typeof chunkingBody>): Partial<ChunkingSettings> {
  return defined({
    chunker: body.chunker,
    chunkSize: body.chunk_size,
    chunkOverlap: body.chunk_overlap,
    enrichers: body.enrichers,
  })
}

export function readRetrieval(body: z.output<typeof retrievalSettingsBody>): Partial<RetrievalSettings> {
  return defined({
    defaultRetriever: body.default_retriever,
    topK: body.top_k,
    scoreThreshold: body.score_threshold,
    rerank: body.rerank,
    queryTransform: body.query_transform,
    contextWindow: body.context_window,
  })
}

export function showChunking(settings: Partial<ChunkingSettings>): z.output<typeof chunkingBody> {
  return defined({
    chunker: settings.chunker,
    chunk_size: settings.chunkSize,
    chunk_overlap: settings.chunkOverlap,
    enrichers: settings.enrichers,
  })
}

export function showRetrieval(settings: Partial<RetrievalSettings>): z.output<typeof retrievalSettingsBody> {
  return defined({
    default_retriever: settings.defaultRetriever,
    top_k: settings.topK,
    score_threshold: settings.scoreThreshold,
    rerank: settings.rerank,
    query_transform: settings.queryTransform,
    context_window: settings.contextWindow,
  })
}
