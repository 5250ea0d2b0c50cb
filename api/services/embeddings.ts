import { ApiError } from '../contract/error-codes.ts'
import { vocabularyCounter } from '../providers/vocabulary-counter.ts'
import { countInPieces } from '../ingestion/chunkers/token-ruler.ts'
import type { Embedder } from '../providers/embedders/embedder.ts'
import { modelNotFound } from './model-catalogue.ts'
import { upstreamErrors } from './upstream-errors.ts'

export interface EmbeddingRequest {
  readonly model: string
  readonly texts: readonly string[]
  /** The model's own, or absent. */
  readonly dimensions?: number | undefined
  readonly signal?: AbortSignal
}

export interface Embeddings {
  readonly model: string
  /** Of unit length, in the texts' order. */
  readonly vectors: readonly Float32Array[]
  /** Counted with o200k_base, as the models of different makers count differently and some do not tell. */
  readonly tokens: number
}

/** Embeds texts with the model that documents are embedded with. */
export class EmbeddingService {
  readonly #embedder: Embedder | null

  /** @param embedder null in lexical mode */
  constructor(embedder: Embedder | null) {
    this.#embedder = embedder
  }

  /** @throws ApiError KB_CONFIG_ERROR without a model, MODEL_NOT_FOUND, VALIDATION_ERROR, UPSTREAM_ERROR */
  async embed({ model, texts, dimensions, signal }: EmbeddingRequest): Promise<Embeddings> {
    const embedder = this.#embedder
    if (!embedder) throw new ApiError('KB_CONFIG_ERROR', 'no embedding model is loaded; /ready says why')
    if (model !== embedder.model) throw modelNotFound(model)
    if (dimensions !== undefined && dimensions !== embedder.dimension)
      throw new ApiError('VALIDATION_ERROR', `dimensions: is ${dimensions}; ${embedder.model} gives vectors of ${embedder.dimension}, which cannot be shortened`) // prettier-ignore
    const vectors = await upstreamErrors(() => embedder.embed(texts, 'document', signal))
    return { model: embedder.model, vectors, tokens: await countTokens(texts) }
  }
}

async function countTokens(texts: readonly string[]): Promise<number> {
  const count = await vocabularyCounter('o200k_base')
  return texts.reduce((sum, text) => sum + countInPieces(text, count), 0)
}
