import type { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible'
import { ApiError } from '../contract/error-codes.ts'

/** One budget that a request takes from. */
export interface Budget {
  readonly key: string
  /** Requests a minute; -1: unlimited. */
  readonly limit: number
  /** Whom it is for, in the words of the refusal. */
  readonly what: string
}

export interface Verdict {
  /** RateLimit-* of the budget that has least left. */
  readonly headers: Readonly<Record<string, string>>
  readonly refusal: ApiError | null
}

const WINDOW_SECONDS = 60

interface State {
  readonly budget: Budget
  readonly remaining: number
  readonly resetSeconds: number
}

/**
 * Counts requests in windows of a minute: in this process, or in Redis for all replicas together, where all budgets of a
 * request are one round trip.
 */
export class RateLimit {
  readonly #limiter: RateLimiterMemory | RateLimiterRedis

  /** @param redis null: count in memory */
  constructor(redis: Redis | null) {
    // The library's own limit is out of reach: each key has its own, and only the counting is shared.
    const options = { points: Number.MAX_SAFE_INTEGER, duration: WINDOW_SECONDS, keyPrefix: 'selfrag:rate' }
    const memory = new RateLimiterMemory(options)
    // A Redis that is down must not take the API down with it: each replica then counts for itself.
    this.#limiter = redis ? new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter: memory }) : memory
  }

  async consume(budgets: readonly Budget[]): Promise<Verdict> {
    const limited = budgets.filter(({ limit }) => limit >= 0)
    const states = await Promise.all(limited.map(budget => this.#count(budget)))
    const [tightest] = states.toSorted((a, b) => a.remaining - b.remaining)
    if (!tightest) return { headers: {}, refusal: null }
    if (tightest.remaining >= 0) return { headers: describe(tightest), refusal: null }
    for (const state of states) if (state.remaining >= 0) this.#giveBack(state.budget)
    return { headers: describe(tightest), refusal: refuse(tightest) }
  }

  /** A key that goes on beyond its own limit must not eat up what its tenant's other keys have. Nobody waits for it. */
  #giveBack({ key }: Budget): void {
    this.#limiter.reward(key).catch(() => undefined)
  }

  async #count(budget: Budget): Promise<State> {
    const result: RateLimiterRes = await this.#limiter.consume(budget.key)
    return {
      budget,
      remaining: budget.limit - result.consumedPoints,
      resetSeconds: Math.max(1, Math.ceil(result.msBeforeNext / 1000)),
    }
  }
}

/** The fields of the IETF's draft on rate-limit headers that clients know. */
function describe({ budget, remaining, resetSeconds }: State): Record<string, string> {
  return {
    'RateLimit-Limit': String(budget.limit),
    'RateLimit-Remaining': String(Math.max(0, remaining)),
    'RateLimit-Reset': String(resetSeconds),
    'RateLimit-Policy': `${budget.limit};w=${WINDOW_SECONDS}`,
  }
}

function refuse({ budget, resetSeconds }: State): ApiError {
  return new ApiError(
    'RATE_LIMITED',
    `more than ${budget.limit} requests a minute for ${budget.what}; try again in ${resetSeconds} s`,
    { headers: { 'Retry-After': String(resetSeconds) } },
  )
}
