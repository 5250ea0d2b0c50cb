import { ProviderError } from './provider-error.ts'

/** The two ways in which a call ends before its time: the caller gives up, or the provider takes too long. */
export class CallLimits {
  /** For the client: aborted in both cases. */
  readonly signal: AbortSignal
  readonly #caller: AbortSignal | undefined
  readonly #timeout: AbortSignal
  readonly #timeoutMs: number

  constructor(timeoutMs: number, caller?: AbortSignal) {
    this.#timeoutMs = timeoutMs
    this.#caller = caller
    this.#timeout = AbortSignal.timeout(timeoutMs)
    this.signal = caller ? AbortSignal.any([caller, this.#timeout]) : this.#timeout
  }

  /** Throws the caller's own reason when it gave up, a transient ProviderError when time is up, else returns. */
  throwIfExceeded(provider: string): void {
    this.#caller?.throwIfAborted()
    if (this.#timeout.aborted)
      throw new ProviderError(provider, `did not finish within ${this.#timeoutMs / 1000} s`, { transient: true })
  }
}
