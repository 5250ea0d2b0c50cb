import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ProviderError } from '../../provider-error.ts'
import type { InferenceAnswer, InferenceMessage } from './inference-worker.ts'
import type { Embedded, OnnxModelSettings } from './onnx-model.ts'

interface Waiting {
  readonly resolve: (embedded: Embedded) => void
  readonly reject: (error: ProviderError) => void
}

/** The file has another ending where the built JavaScript runs. */
const workerFile = new URL(`./inference-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/**
 * Runs a model in a thread of its own: one inference takes tenths of a second, and the event loop must not stand still
 * meanwhile. The thread starts with the first call, and again with the next call after it died.
 */
export class InferenceThread {
  readonly #settings: OnnxModelSettings
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | undefined
  #lastId = 0

  constructor(settings: OnnxModelSettings) {
    this.#settings = settings
  }

  /** @throws ProviderError */
  run(texts: readonly string[]): Promise<Embedded> {
    const worker = (this.#worker ??= this.#start())
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      worker.ref()
      worker.postMessage({ id, texts } satisfies InferenceMessage)
    })
  }

  /**
   * Rejects what is under way and ends the thread when the inference that is running is over: in the middle of one the
   * runtime's callback would find no thread any more, and abort the process.
   */
  async close(): Promise<void> {
    const worker = this.#worker
    if (!worker) return
    this.#end(worker, () => new ProviderError('local', 'the embedder was closed', { transient: true }))
    const ended = once(worker, 'exit')
    worker.ref()
    worker.postMessage('close' satisfies InferenceMessage)
    await ended
  }

  #start(): Worker {
    const worker = new Worker(workerFile, { workerData: this.#settings, name: 'embedder' })
    worker.on('message', (answer: InferenceAnswer) => this.#settle(worker, answer))
    worker.on('error', cause =>
      this.#end(worker, () => {
        const reason = cause instanceof Error ? cause.message : String(cause)
        const message = `the model ${this.#settings.onnxPath} cannot be run: ${reason}`
        return new ProviderError('local', message, { transient: false, cause })
      }),
    )
    worker.on('exit', code =>
      this.#end(worker, () => new ProviderError('local', `the model's thread ended with ${code}`, { transient: true })),
    )
    return worker
  }

  #settle(worker: Worker, answer: InferenceAnswer): void {
    // Closed meanwhile: nobody waits, and the thread is to be waited for.
    if (this.#worker !== worker) return
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    // An idle thread does not keep the process alive.
    if (this.#waiting.size === 0) worker.unref()
    if ('vectors' in answer) waiting?.resolve(answer)
    else waiting?.reject(new ProviderError('local', `inference failed: ${answer.error}`, { transient: true }))
  }

  /** The thread is gone: whoever waits is told why. */
  #end(worker: Worker, reason: () => ProviderError): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    for (const { reject } of this.#waiting.values()) reject(reason())
    this.#waiting.clear()
  }
}
