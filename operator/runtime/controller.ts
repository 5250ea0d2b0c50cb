import { type WorkQueue } from './work-queue.ts'

/** How a reconciliation ended. Waiting is not a failure: nothing is logged as an error and nothing backs off. */
export type ReconcileResult = { readonly requeueAfterMs?: number }

export interface ControllerRun {
  readonly outcome: 'done' | 'waiting' | 'failed' | 'stopped'
  readonly seconds: number
  /** The run of this key before had failed. */
  readonly retry: boolean
}

/** Ends a run whose outcome has been told already, so that the key comes back later and later. */
export class RetryLater extends Error {
  override readonly name = 'RetryLater'
  /** Not before so long. */
  readonly retryAfterMs: number

  constructor(message: string, retryAfterMs = 0) {
    super(message)
    this.retryAfterMs = retryAfterMs
  }
}

export interface ControllerLog {
  debug(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface ControllerOptions {
  readonly name: string
  readonly queue: WorkQueue
  readonly workers: number
  /** Brings one object to its desired state; throws when something failed that a retry may mend. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<ReconcileResult>
  readonly log: ControllerLog
  /** Told after each run. */
  readonly observe: (run: ControllerRun) => void
  /** Milliseconds. */
  readonly now: () => number
}

/**
 * Works on keys until `signal` aborts; resolves when the runs in flight have ended. They are not cut off: a plan that is
 * half carried out is safe, but whole is better. `hardStop` cuts them off: what they are handed as their signal.
 */
export async function runController(
  options: ControllerOptions,
  signal: AbortSignal,
  hardStop: AbortSignal,
): Promise<void> {
  const stop = () => options.queue.shutdown()
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    await Promise.all(Array.from({ length: options.workers }, () => work(options, hardStop)))
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function work(options: ControllerOptions, hardStop: AbortSignal): Promise<void> {
  for (;;) {
    const key = await options.queue.next()
    if (key === null) return
    try {
      await runOnce(options, key, hardStop)
    } finally {
      options.queue.done(key)
    }
  }
}

async function runOnce(options: ControllerOptions, key: string, hardStop: AbortSignal): Promise<void> {
  const { queue, log } = options
  const start = options.now()
  const retry = queue.failures(key) > 0
  const seconds = () => (options.now() - start) / 1000
  const observe = (outcome: ControllerRun['outcome']) => options.observe({ outcome, seconds: seconds(), retry })
  try {
    const { requeueAfterMs } = await options.reconcile(key, hardStop)
    queue.forget(key)
    if (requeueAfterMs !== undefined) queue.addAfter(key, requeueAfterMs)
    const outcome = requeueAfterMs === undefined ? 'done' : 'waiting'
    observe(outcome)
    log.debug({ controller: options.name, key, outcome, duration_ms: seconds() * 1000 }, 'reconciled')
  } catch (error) {
    if (hardStop.aborted) return observe('stopped')
    const retry_ms = Math.round(queue.addFailed(key, error instanceof RetryLater ? error.retryAfterMs : 0))
    observe('failed')
    log.warn({ controller: options.name, key, err: error, failures: queue.failures(key), retry_ms }, 'reconcile failed')
  }
}
