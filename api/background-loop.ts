import { setTimeout as delay } from 'node:timers/promises'

/** Takes turns at its work, one after the other, from its start until it is stopped. Between two it keeps no process alive. */
export abstract class BackgroundLoop {
  readonly #firstAfterMs: number
  readonly #stopping = new AbortController()
  #running: Promise<void> | null = null

  constructor(firstAfterMs = 0) {
    this.#firstAfterMs = firstAfterMs
  }

  /** Works once, and gives after how many milliseconds to do so again. Throws nothing: nobody is there to hear it. */
  protected abstract turn(): Promise<number>

  start(): void {
    this.#running ??= this.#run()
  }

  /** Lets a turn end. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    for (let pauseMs = this.#firstAfterMs; ; pauseMs = await this.turn()) {
      if (pauseMs > 0) await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) return
    }
  }
}
