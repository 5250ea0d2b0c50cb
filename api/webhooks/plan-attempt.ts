/** Seconds after each failed attempt; about a day and a half in all, so that a night's outage loses nothing. */
const DELAYS = [5, 30, 120, 600, 3600, 14_400, 43_200, 86_400] as const

/** What one attempt came to. `status` null: there was no answer, and `error` says why. */
export interface AttemptResult {
  readonly status: number | null
  readonly error: string | null
}

export type NextStep =
  | { readonly is: 'delivered' }
  | { readonly is: 'pending'; readonly delaySeconds: number }
  /** Given up; `disable` says why the webhook gets nothing more at all. */
  | { readonly is: 'dead'; readonly disable: string | null }

/**
 * What follows from an attempt. 410 is how receivers say that they want no more. Pure.
 * @param attempts this one included
 * @param chance 0…1: spreads what failed together
 */
export function planAttempt({ status }: AttemptResult, attempts: number, chance: number): NextStep {
  if (status !== null && status >= 200 && status < 300) return { is: 'delivered' }
  if (status === 410) return { is: 'dead', disable: 'the receiver answered 410 Gone' }
  const delay = DELAYS[attempts - 1]
  return delay === undefined
    ? { is: 'dead', disable: null }
    : { is: 'pending', delaySeconds: delay * (1 + 0.2 * chance) }
}
