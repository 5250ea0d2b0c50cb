export interface BackoffSettings {
  readonly baseMs: number
  readonly maxMs: number
}

/**
 * How long to wait after so many failures in a row (1, 2, …): doubles from `baseMs` to `maxMs`, and takes between half
 * and all of that by chance, so that what failed together does not come back together.
 * @param random 0 ≤ random < 1
 */
export function backoff(settings: BackoffSettings, failures: number, random: number): number {
  // 2^30 already exceeds every maximum; beyond it the shift would overflow.
  const full = Math.min(settings.maxMs, settings.baseMs * 2 ** Math.min(failures - 1, 30))
  return full * (0.5 + random / 2)
}

/**
 * Between 80 and 120 percent of a time: what began together, such as everything after a start, drifts apart instead of
 * coming back all at once.
 * @param random 0 ≤ random < 1
 */
export function spread(milliseconds: number, random: number): number {
  return milliseconds * (0.8 + 0.4 * random)
}
