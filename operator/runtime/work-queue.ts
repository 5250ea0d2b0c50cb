import { backoff, type BackoffSettings } from './backoff.ts'
import { type Timers } from './timers.ts'

export interface WorkQueueOptions {
  readonly timers: Timers
  readonly backoff: BackoffSettings
  /** 0 ≤ random() < 1 */
  readonly random: () => number
  /** Told when a worker takes a key: for how many milliseconds it had waited. */
  readonly waited?: (milliseconds: number) => void
}

/** For people who look after it. */
export interface QueueState {
  /** Keys that wait for a worker now; those that wait for a time are not counted. */
  readonly depth: number
  /** Keys whose last run failed. */
  readonly failing: number
  readonly running: number
  /** Of the key that waits longest; 0 when none does. */
  readonly longestWaitMs: number
  /** Of the key that a worker has had longest; 0 when none has one. */
  readonly longestRunMs: number
}

/**
 * Keys that wait for a worker. A key is in the queue once however often it is added; while a worker has it, adding it
 * again makes it wait until that worker is done, so no key is ever worked on twice at once and no change is missed.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions
  /** In order of arrival, each with the time since which it waits. */
  readonly #waiting = new Map<string, number>()
  /** With the time since which a worker has it. */
  readonly #running = new Map<string, number>()
  /** Added while running, with the time when. */
  readonly #again = new Map<string, number>()
  readonly #later = new Map<string, { readonly due: number; readonly cancel: () => void }>()
  readonly #failures = new Map<string, number>()
  readonly #idleWorkers: ((key: string | null) => void)[] = []
  #stopped = false

  constructor(options: WorkQueueOptions) {
    this.#options = options
  }

  /** Keys that wait for a worker now; those that wait for a time are not counted. */
  get depth(): number {
    return this.#waiting.size + this.#again.size
  }

  get state(): QueueState {
    const now = this.#options.timers.now()
    return {
      depth: this.depth,
      failing: this.#failures.size,
      running: this.#running.size,
      longestWaitMs: now - Math.min(earliest(this.#waiting, now), earliest(this.#again, now)),
      longestRunMs: now - earliest(this.#running, now),
    }
  }

  add(key: string): void {
    this.#add(key, this.#options.timers.now())
  }

  /** Adds the key in so many milliseconds. Of several times that are asked for the earliest counts. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#stopped) return
    if (milliseconds <= 0) return this.add(key)
    const due = this.#options.timers.now() + milliseconds
    const planned = this.#later.get(key)
    if (planned && planned.due <= due) return
    planned?.cancel()
    const cancel = this.#options.timers.after(milliseconds, () => {
      this.#later.delete(key)
      this.add(key)
    })
    this.#later.set(key, { due, cancel })
  }

  /** Adds a key that failed: later and later, until {@link forget}; not before `leastMs`. Gives the delay in milliseconds. */
  addFailed(key: string, leastMs = 0): number {
    const failures = this.failures(key) + 1
    this.#failures.set(key, failures)
    const delay = Math.max(leastMs, backoff(this.#options.backoff, failures, this.#options.random()))
    this.addAfter(key, delay)
    return delay
  }

  /** The key's work succeeded: its next failure starts from the shortest delay. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  /** How often the key has failed in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0
  }

  /** The next key, as soon as there is one; the caller works on it and then calls {@link done}. Null after shutdown. */
  next(): Promise<string | null> {
    if (this.#stopped) return Promise.resolve(null)
    return new Promise(resolve => {
      this.#idleWorkers.push(resolve)
      this.#handOut()
    })
  }

  done(key: string): void {
    this.#running.delete(key)
    const since = this.#again.get(key)
    if (since === undefined) return
    this.#again.delete(key)
    this.#add(key, since)
  }

  /** Drops what waits and lets workers go; keys that are being worked on are finished by their workers. */
  shutdown(): void {
    this.#stopped = true
    for (const { cancel } of this.#later.values()) cancel()
    this.#later.clear()
    this.#waiting.clear()
    this.#again.clear()
    for (const resolve of this.#idleWorkers.splice(0)) resolve(null)
  }

  #add(key: string, since: number): void {
    if (this.#stopped) return
    const place = this.#running.has(key) ? this.#again : this.#waiting
    if (!place.has(key)) place.set(key, since)
    this.#handOut()
  }

  #handOut(): void {
    for (const [key, since] of this.#waiting) {
      const worker = this.#idleWorkers.shift()
      if (!worker) return
      const now = this.#options.timers.now()
      this.#waiting.delete(key)
      this.#running.set(key, now)
      this.#options.waited?.(now - since)
      // It runs now, with what there is now: a run that was planned for later would only repeat it.
      this.#later.get(key)?.cancel()
      this.#later.delete(key)
      worker(key)
    }
  }
}

function earliest(times: ReadonlyMap<string, number>, otherwise: number): number {
  let first = otherwise
  for (const time of times.values()) first = Math.min(first, time)
  return first
}
