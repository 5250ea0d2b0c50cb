import { inSpan } from '../tracing/tracing.ts'

/** Measures the stages of one request, in milliseconds rounded to hundredths; each is a span too. A stage run twice adds up. */
export class Stopwatch {
  readonly #timings: Record<string, number> = {}

  async time<T>(stage: string, work: () => T | Promise<T>): Promise<T> {
    const start = performance.now()
    try {
      return await inSpan(stage, {}, async () => work())
    } finally {
      const total = (this.#timings[stage] ?? 0) + performance.now() - start
      this.#timings[stage] = Math.round(total * 100) / 100
    }
  }

  get timings(): Readonly<Record<string, number>> {
    return { ...this.#timings }
  }
}
