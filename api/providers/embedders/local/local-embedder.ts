import PQueue from 'p-queue'
import { type CallObserver, tellTokens } from '../../call-observer.ts'
import { EmbeddingDimensionError, ProviderError } from '../../provider-error.ts'
import { stopOnFailure } from '../../stop-on-failure.ts'
import type { Embedder, EmbeddingPurpose, TokenLimit } from '../embedder.ts'
import type { LocalModel } from './catalogue.ts'
import { InferenceThread } from './inference-thread.ts'
import type { ModelFiles } from './model-files.ts'
import type { Embedded } from './onnx-model.ts'
import { planBatches } from './plan-batches.ts'

/** English has more than four characters a token; three leaves room for codes and names. */
const CHARACTERS_PER_TOKEN = 3

/** Before a text and behind it. */
const SPECIAL_TOKENS = 2

/** A model in this process. One batch runs at a time, and questions go before documents. */
export class LocalEmbedder implements Embedder {
  readonly provider = 'local'
  readonly model: string
  readonly dimension: number
  readonly maxInputCharacters: number
  readonly inputTokens: TokenLimit
  readonly #instruction: string
  readonly #thread: InferenceThread
  readonly #queue = new PQueue({ concurrency: 1 })
  readonly #closing = new AbortController()

  /**
   * @param dimension what the caller's collections hold
   * @param threads how many cores one inference may use
   */
  constructor(model: LocalModel, files: ModelFiles, dimension: number, threads: number) {
    this.model = model.name
    this.dimension = dimension
    this.maxInputCharacters = model.maxTokens * CHARACTERS_PER_TOKEN
    let counter: ReturnType<TokenLimit['counter']> | undefined
    this.inputTokens = {
      most: model.maxTokens - SPECIAL_TOKENS,
      // Loaded by who cuts documents only.
      counter: () =>
        (counter ??= import('./token-counter.ts').then(counting => counting.tokenCounter(files.tokenizerPath))),
    }
    this.#instruction = model.queryInstruction
    this.#thread = new InferenceThread({ ...files, maxTokens: model.maxTokens, threads })
  }

  async embed(
    texts: readonly string[],
    purpose: EmbeddingPurpose,
    signal?: AbortSignal,
    observer?: CallObserver,
  ): Promise<Float32Array[]> {
    signal?.throwIfAborted()
    const prompts = purpose === 'query' ? texts.map(text => this.#instruction + text) : texts
    const vectors = new Array<Float32Array>(texts.length)
    await stopOnFailure([this.#closing.signal, signal], stop =>
      Promise.all(
        planBatches(prompts).map(async positions => {
          const { vectors: batch, tokens } = await this.#run(positions.map(position => prompts[position]!), purpose, stop) // prettier-ignore
          tellTokens(observer, tokens)
          positions.forEach((position, index) => (vectors[position] = batch[index]!))
        }),
      ),
    )
    return vectors
  }

  async close(): Promise<void> {
    this.#closing.abort(new ProviderError(this.provider, 'the embedder was closed', { transient: true }))
    await this.#thread.close()
  }

  async #run(prompts: readonly string[], purpose: EmbeddingPurpose, signal: AbortSignal): Promise<Embedded> {
    const priority = purpose === 'query' ? 1 : 0
    const embedded = await this.#queue.add(() => this.#thread.run(prompts), { priority, signal })
    const wrong = embedded.vectors.find(vector => vector.length !== this.dimension)
    if (wrong) throw new EmbeddingDimensionError(this.provider, this.model, this.dimension, wrong.length)
    return embedded
  }
}
