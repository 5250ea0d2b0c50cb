import { AsyncResource } from 'node:async_hooks'
import PQueue from 'p-queue'
import { modelProviders, type ProviderName } from '../../contract/model-providers.ts'
import type { CallObserver } from '../call-observer.ts'
import { EmbeddingDimensionError, ProviderError } from '../provider-error.ts'
import { unusable } from '../remote-failure.ts'
import { type RetryPolicy, standardRetries, withRetries } from '../retry.ts'
import { packs, slices } from '../slices.ts'
import { stopOnFailure } from '../stop-on-failure.ts'
import { vocabularyCounter } from '../vocabulary-counter.ts'
import type { Embedder, EmbeddingPurpose, TokenLimit } from './embedder.ts'
import { estimateTokens } from './estimate-tokens.ts'
import { remoteModel, type RemoteModel } from './remote-models.ts'

/** One request: as many vectors as texts, in their order, of whatever length and norm. */
export type EmbedBatch = (
  texts: readonly string[],
  signal?: AbortSignal,
  observer?: CallObserver,
) => Promise<ArrayLike<number>[]>

export interface RemoteEmbedderSettings {
  readonly model: string
  readonly dimension: number
  /** Texts of one request. */
  readonly batchSize: number
  readonly timeoutMs: number
  readonly retries?: RetryPolicy
}

interface EmbeddingCall {
  readonly purpose: EmbeddingPurpose
  readonly signal: AbortSignal
  readonly observer: CallObserver | undefined
}

/** A text has at least this many characters a token, nearly always; models refuse or cut what is longer than they read. */
const CHARACTERS_PER_TOKEN = 3
/** Marks of a text's beginning and end, which most models add. */
const ADDED_TOKENS = 2
const REQUESTS_AT_ONCE = 4
/** Sent for a text without a word: services refuse an empty one, and with it its whole batch. */
const NOTHING = '.'

/** An embedding model behind a network: batches, retries, order and checks are here; a provider adds one request. */
export class RemoteEmbedder implements Embedder {
  readonly provider: string
  readonly model: string
  readonly dimension: number
  readonly maxInputCharacters: number
  readonly inputTokens: TokenLimit
  readonly #traits: RemoteModel
  readonly #limits: { readonly items: number; readonly weight: number }
  readonly #retries: RetryPolicy
  readonly #embedBatch: EmbedBatch
  readonly #queue = new PQueue({ concurrency: REQUESTS_AT_ONCE })

  constructor(provider: ProviderName, settings: RemoteEmbedderSettings, embedBatch: EmbedBatch) {
    this.provider = provider
    this.model = settings.model
    this.dimension = settings.dimension
    this.#traits = remoteModel(settings.model)
    this.maxInputCharacters = this.#traits.maxTokens * CHARACTERS_PER_TOKEN
    this.inputTokens = {
      most: this.#traits.maxTokens - ADDED_TOKENS - estimateTokens(this.#traits.documentPrefix),
      counter: async () => (this.#traits.vocabulary ? vocabularyCounter(this.#traits.vocabulary) : estimateTokens),
    }
    const { maxTexts = Infinity, maxTokens = Infinity } = modelProviders[provider].embedding ?? {}
    this.#limits = { items: Math.min(settings.batchSize, maxTexts), weight: maxTokens }
    this.#retries = settings.retries ?? standardRetries
    this.#embedBatch = embedBatch
  }

  async embed(
    texts: readonly string[],
    purpose: EmbeddingPurpose,
    signal?: AbortSignal,
    observer?: CallObserver,
  ): Promise<Float32Array[]> {
    signal?.throwIfAborted()
    const prefix = purpose === 'query' ? this.#traits.queryPrefix : this.#traits.documentPrefix
    // A question longer than the model reads is cut here: some services refuse it instead.
    const prompts = texts.map(text => prefix + (text.trim() === '' ? NOTHING : text.slice(0, this.maxInputCharacters)))
    const batches = await stopOnFailure([signal], stop => {
      const call = { purpose, signal: stop, observer }
      return Promise.all(packs(prompts, this.#limits, estimateTokens).map(batch => this.#run(batch, call)))
    })
    return batches.flat()
  }

  async close(): Promise<void> {
    await this.#queue.onIdle()
  }

  /** A batch that is too much for the provider is asked for in halves. */
  async #run(batch: readonly string[], call: EmbeddingCall): Promise<Float32Array[]> {
    try {
      return await this.#ask(batch, call)
    } catch (error) {
      if (batch.length === 1 || !isTooLarge(error)) throw error
      const halves = slices(batch, Math.ceil(batch.length / 2)).map(half => this.#run(half, call))
      return (await Promise.all(halves)).flat()
    }
  }

  #ask(batch: readonly string[], { purpose, signal, observer }: EmbeddingCall): Promise<Float32Array[]> {
    const priority = purpose === 'query' ? 1 : 0
    const attempt = async () => this.#checked(await this.#embedBatch(batch, signal, observer), batch.length)
    // The queue starts it in the context of whoever ended before; a trace goes on in its own.
    const run = AsyncResource.bind(() => withRetries(attempt, this.#retries, signal, observer))
    return this.#queue.add(run, { priority, signal })
  }

  #checked(vectors: readonly ArrayLike<number>[], expected: number): Float32Array[] {
    if (vectors.length !== expected) throw unusable(this.provider, `${vectors.length} vectors for ${expected} texts`)
    return vectors.map(vector => {
      if (vector.length !== this.dimension)
        throw new EmbeddingDimensionError(this.provider, this.model, this.dimension, vector.length)
      const norm = Math.sqrt(Array.from(vector).reduce((sum, value) => sum + value * value, 0))
      if (!(norm > 0 && norm < Infinity)) throw unusable(this.provider, 'a vector without a direction')
      return Float32Array.from(vector, value => value / norm)
    })
  }
}

/** `dimensions`, for models that take it. */
export function askedDimensions(provider: ProviderName, { model, dimension }: RemoteEmbedderSettings) {
  return modelProviders[provider].embedding?.dimensions?.test(model) ? { dimensions: dimension } : {}
}

/** Providers say so by 413, or by 400 and words of their own. */
function isTooLarge(error: unknown): boolean {
  if (!(error instanceof ProviderError)) return false
  if (error.status === 413) return true
  const words =
    /too (many|long|large)|batch size|at most \d+ (inputs|texts|requests)|maximum .*(tokens|inputs|context)|larger than|超过|超出|过长/i
  return (error.status === 400 || error.status === 422) && words.test(error.message)
}
