/** Time, handed in so that tests can turn the clock. */
export interface Timers {
  /** Milliseconds; only differences mean anything. */
  now(): number
  /** Runs `action` after so many milliseconds, unless the returned function is called before. */
  after(milliseconds: number, action: () => void): () => void
}

/** A clock that no correction of the system's time can move. */
export const systemTimers: Timers = {
  now: () => performance.now(),
  after: (milliseconds, action) => {
    const timer = setTimeout(action, milliseconds)
    return () => clearTimeout(timer)
  },
}

/** Resolves after so long, or as soon as the signal aborts. */
export function pause(timers: Timers, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve()
    const end = () => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = timers.after(milliseconds, end)
    signal.addEventListener('abort', end)
  })
}
