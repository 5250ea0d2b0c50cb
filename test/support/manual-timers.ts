import { type Timers } from '../../operator/runtime/timers.ts'

/** A clock that stands still until a test turns it. */
export class ManualTimers implements Timers {
  #now = 0
  readonly #planned = new Set<{ readonly due: number; readonly action: () => void }>()

  now(): number {
    return this.#now
  }

  after(milliseconds: number, action: () => void): () => void {
    const entry = { due: this.#now + milliseconds, action }
    this.#planned.add(entry)
    return () => this.#planned.delete(entry)
  }

  get planned(): number {
    return this.#planned.size
  }

  /** Turns the clock, running what falls due in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds
    for (;;) {
      const next = [...this.#planned].sort((a, b) => a.due - b.due)[0]
      if (!next || next.due > end) break
      this.#planned.delete(next)
      this.#now = next.due
      next.action()
    }
    this.#now = end
  }

  /** Turns the clock without running anything: the process was stopped, or its event loop was busy. */
  stall(milliseconds: number): void {
    this.#now += milliseconds
  }
}
