import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel'
import PQueue from 'p-queue'
import { ProviderError } from './provider-error.ts'

export interface GuardSettings {
  /** Calls at once; others wait for their turn. */
  readonly concurrency: number
  /** So many calls in a row that fail although they could have worked, each with its retries, and nobody is asked any more. */
  readonly failures: number
  /** For so long; then one call tries whether it works again. */
  readonly pauseMs: number
}

/** Keeps a model that is down from being asked by everybody, and one that works from being asked too much at once. */
export class ModelGuard {
  readonly #provider: string
  readonly #pauseMs: number
  readonly #slots: PQueue
  readonly #circuit

  constructor(provider: string, { concurrency, failures, pauseMs }: GuardSettings) {
    this.#provider = provider
    this.#pauseMs = pauseMs
    this.#slots = new PQueue({ concurrency })
    // A refused request, or a caller who gave up, says nothing about the provider's health; nor does a rate limit.
    const isOutage = handleWhen(error => error instanceof ProviderError && error.transient && error.status !== 429)
    this.#circuit = circuitBreaker(isOutage, { halfOpenAfter: pauseMs, breaker: new ConsecutiveBreaker(failures) })
  }

  /** Nobody is asked at the moment. */
  get open(): boolean {
    return this.#circuit.state === CircuitState.Open
  }

  /** Waits for a place; give it back when the call, its stream included, is over. @throws the signal's reason */
  enter(signal?: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const held = () => new Promise<void>(leave => resolve(leave))
      this.#slots.add(held, signal ? { signal } : {}).catch(reject)
    })
  }

  /** Runs a call whose outcome tells about the provider. @throws ProviderError at once while nobody is asked */
  async watch<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.#circuit.execute(call)
    } catch (error) {
      if (!(error instanceof BrokenCircuitError)) throw error
      const message = `failed again and again and is not asked for ${this.#pauseMs / 1000} s`
      throw new ProviderError(this.#provider, message, {
        transient: true,
        retryAfterSeconds: this.#pauseMs / 1000,
        cause: this.#lastFailure(),
      })
    }
  }

  async run<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const leave = await this.enter(signal)
    try {
      return await this.watch(call)
    } finally {
      leave()
    }
  }

  #lastFailure(): unknown {
    const reason = this.#circuit.lastFailure
    return reason && 'error' in reason ? reason.error : undefined
  }
}
