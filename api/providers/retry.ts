import { setTimeout as delay } from 'node:timers/promises'
import type { CallObserver } from './call-observer.ts'
import { ProviderError } from './provider-error.ts'

export interface RetryPolicy {
  /** Calls in all, the first included. */
  readonly attempts: number
  /** Before the second call; doubles from there. A random half of it is left out, so that callers do not come in step. */
  readonly baseDelayMs: number
  /** A provider that asks for a longer pause than this is given up; the job that called has its own, longer patience. */
  readonly longestDelayMs: number
}

export const standardRetries: RetryPolicy = { attempts: 3, baseDelayMs: 500, longestDelayMs: 20_000 }

/**
 * Repeats `call` after failures that can pass. The clients' own retries are switched off: they sleep as long as
 * Retry-After says, be it an hour, and do not wake up when the request is aborted.
 */
export async function withRetries<T>(
  call: () => Promise<T>,
  policy: RetryPolicy = standardRetries,
  signal?: AbortSignal,
  observer?: CallObserver,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      const pause = pauseAfter(error, attempt, policy)
      if (pause === null) throw error
      await delay(pause, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted())
      observer?.retried?.()
    }
  }
}

/** Milliseconds to wait before the next attempt; null: there is none. */
function pauseAfter(error: unknown, attempt: number, policy: RetryPolicy): number | null {
  if (!(error instanceof ProviderError) || !error.transient || attempt >= policy.attempts) return null
  const wanted = policy.baseDelayMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2)
  const pause = Math.max(wanted, (error.retryAfterSeconds ?? 0) * 1000)
  return pause <= policy.longestDelayMs ? pause : null
}
