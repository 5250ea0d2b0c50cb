export interface RecentOptions<T> {
  readonly read: () => Promise<T>
  /** Whether a value may stand for a moment. Others are read anew each time. */
  readonly keep: (value: T) => boolean
  /** Milliseconds, counted from when the read began. */
  readonly forMs: number
  /** Milliseconds. */
  readonly now: () => number
}

/**
 * A read that many make one after the other, for the same: what it gave stands for a moment, and those who ask while it is
 * on its way wait for it. Only values that may be kept are shared at all, so that whoever was woken by good news does not
 * get the bad news from just before it.
 */
export function recent<T>({ read, keep, forMs, now }: RecentOptions<T>): () => Promise<T> {
  let kept: { readonly value: T; readonly since: number } | null = null
  let reading: Promise<T> | null = null
  const readAnew = async (): Promise<T> => {
    const since = now()
    const mine = read()
    reading = mine
    try {
      const value = await mine
      kept = keep(value) ? { value, since } : null
      return value
    } finally {
      if (reading === mine) reading = null
    }
  }
  return async () => {
    if (kept && now() - kept.since < forMs) return kept.value
    if (!reading) return readAnew()
    const shared = await reading.then(
      value => ({ value }),
      () => null,
    )
    return shared && keep(shared.value) ? shared.value : readAnew()
  }
}
