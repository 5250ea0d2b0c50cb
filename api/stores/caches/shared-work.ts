interface Flight {
  readonly promise: Promise<unknown>
  readonly controller: AbortController
  waiting: number
}

/** Work that several callers want at the same time, done once. It ends early only when nobody waits for it any more. */
export class SharedWork {
  readonly #flights = new Map<string, Flight>()

  /** @throws the signal's reason when this caller gives up; what the work throws, to all who wait */
  async do<T>(key: string, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    const flight = this.#flights.get(key) ?? this.#start(key, work)
    flight.waiting += 1
    try {
      return (await (signal ? unlessAborted(flight.promise, signal) : flight.promise)) as T
    } finally {
      flight.waiting -= 1
      if (flight.waiting === 0) this.#abandon(key, flight)
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<unknown>): Flight {
    const controller = new AbortController()
    const flight: Flight = { promise: work(controller.signal), controller, waiting: 0 }
    this.#flights.set(key, flight)
    const end = () => this.#forget(key, flight)
    flight.promise.then(end, end)
    return flight
  }

  /** Work that is over is not aborted: the error that an abort makes would cost each request more than its lookup. */
  #abandon(key: string, flight: Flight): void {
    if (this.#flights.get(key) !== flight) return
    this.#flights.delete(key)
    flight.controller.abort()
  }

  #forget(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
