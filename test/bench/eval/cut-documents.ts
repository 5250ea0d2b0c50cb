import { type ChunkingSettings, defaultChunking } from '../../../api/contract/chunking.ts'
import { chunkers } from '../../../api/ingestion/chunkers/index.ts'
import { withinTokens } from '../../../api/ingestion/chunkers/within-tokens.ts'
import { type ChunkInContext, embeddingText } from '../../../api/ingestion/embedding-text.ts'
import { readingLimits } from '../../../api/ingestion/reading-limits.ts'
import { localEmbedder } from '../../support/local-embedder.ts'
import type { EvalDocument } from './dataset.ts'

export interface CutChunk extends ChunkInContext {
  readonly document: string
  /** What is embedded and analysed for it. */
  readonly searched: string
}

/** Documents as ingestion cuts them for the local model: the same chunkers, limits and headers, without stores. */
export async function cutDocuments(
  documents: readonly EvalDocument[],
  chunking: ChunkingSettings = defaultChunking,
): Promise<CutChunk[]> {
  const embedder = await localEmbedder()
  const space = { model: embedder.model, dimension: embedder.dimension, distance: 'cosine', analyzer: '' } as const
  const limits = (await readingLimits({ embedder, space }))!
  const settings = { ...chunking, longest: embedder.maxInputCharacters }
  const cut = documents.map(async ({ id, title, text }) => {
    const parsed = { text, sections: [] }
    const chunks = await chunkers[chunking.chunker].chunk(parsed, settings)
    return withinTokens(parsed, chunks, { ...limits.text, overlap: chunking.chunkOverlap }).map(chunk => {
      const inContext = { text: chunk.text, headings: chunk.headings, title }
      return { ...inContext, document: id, searched: embeddingText(inContext, limits) }
    })
  })
  return (await Promise.all(cut)).flat()
}
