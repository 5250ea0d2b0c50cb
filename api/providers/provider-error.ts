/** A model provider failed. `transient`: the same call may work later (timeouts, 429, 5xx), so jobs retry it. */
export class ProviderError extends Error {
  override readonly name: string = 'ProviderError'
  readonly provider: string
  readonly transient: boolean
  /** From Retry-After, when the provider sent one. */
  readonly retryAfterSeconds: number | undefined
  /** Of HTTP, when it answered at all. */
  readonly status: number | undefined

  constructor(
    provider: string,
    message: string,
    options: { transient: boolean; retryAfterSeconds?: number; status?: number; cause?: unknown },
  ) {
    super(`${provider}: ${message}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.provider = provider
    this.transient = options.transient
    this.retryAfterSeconds = options.retryAfterSeconds
    this.status = options.status
  }

  /** Says it in other words, and forgets its cause, which has the first ones. */
  restate(message: string): this {
    this.message = message
    delete this.cause
    return this
  }
}

/** The embedding model answers vectors of another length than the collection is made for. A retry does not help. */
export class EmbeddingDimensionError extends ProviderError {
  override readonly name = 'EmbeddingDimensionError'
  constructor(provider: string, model: string, expected: number, got: number) {
    super(
      provider,
      `model ${model} answered a vector of ${got} dimensions, expected ${expected}; set EMBEDDING_DIM to what the model gives, or choose another model`,
      { transient: false },
    )
  }
}
