import type { CallObserver } from '../call-observer.ts'

/** What a text is embedded for: models such as bge put an instruction before a query. */
export type EmbeddingPurpose = 'document' | 'query'

/** How much a model reads of one text. */
export interface TokenLimit {
  /** What the model adds to a text (special tokens, a prefix) is taken off. */
  readonly most: number
  /** Tokens of a text, never too few; what counting needs is read at the first call. */
  readonly counter: () => Promise<(text: string) => number>
}

/**
 * Turns texts into vectors. One file an implementation, registered in index.ts; test/contract/embedder.ts is what all
 * must pass. Errors are ProviderErrors (../provider-error.ts), which say whether a retry can help.
 */
export interface Embedder {
  readonly provider: string
  readonly model: string
  /** Length of every vector that {@link embed} gives; a provider that answers another length is an error there. */
  readonly dimension: number
  /** The most that the model reads of one text, in characters, estimated conservatively; chunkers stay below it. */
  readonly maxInputCharacters: number
  /** The same in the model's own tokens, which is exact where characters are many tokens, as Chinese ones are. */
  readonly inputTokens: TokenLimit

  /**
   * One unit-length vector per text, in the texts' order. Any number of texts: split into batches inside. A text that is
   * longer than the model reads is cut. An aborted call rejects with the signal's reason.
   * @throws ProviderError; EmbeddingDimensionError when the answer has another length than {@link dimension}
   */
  embed(
    texts: readonly string[],
    purpose: EmbeddingPurpose,
    signal?: AbortSignal,
    observer?: CallObserver,
  ): Promise<Float32Array[]>

  close(): Promise<void>
}
