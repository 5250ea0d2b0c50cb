/** How one measurement came out: times in milliseconds, rate in answers a second. */
export interface Latencies {
  readonly p50: number
  readonly p95: number
  readonly perSecond: number
  readonly failed: number
  readonly answers: number
}

export function summarize(times: readonly number[], seconds: number, failed: number): Latencies {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (quantile: number) => sorted[Math.floor(sorted.length * quantile)] ?? NaN
  return { p50: at(0.5), p95: at(0.95), perSecond: times.length / seconds, failed, answers: times.length }
}

/** Of several rounds the one in the middle, figure by figure. */
export function median(rounds: readonly Latencies[]): Latencies {
  const middle = (key: keyof Latencies) => {
    const values = rounds.map(round => round[key]).sort((a, b) => a - b)
    return values[Math.floor(values.length / 2)] ?? NaN
  }
  return {
    p50: middle('p50'),
    p95: middle('p95'),
    perSecond: middle('perSecond'),
    failed: middle('failed'),
    answers: middle('answers'),
  }
}
