/** How much one question may cost. A request may lower each of them. */
export interface SelfRagLimits {
  /** Retrievals. */
  readonly iterations: number
  /** Drafts that are written anew because of claims without support. */
  readonly regenerations: number
  /** Calls of the LLM, repairs of unreadable answers included. */
  readonly calls: number
  /** Prompt and completion of all calls together; the call that goes over it is the last. */
  readonly tokens: number
  readonly milliseconds: number
}

export const mostSelfRag: SelfRagLimits = {
  iterations: 3,
  regenerations: 2,
  calls: 12,
  tokens: 60_000,
  milliseconds: 120_000,
}

/** What has been used of them. */
export interface Spent {
  readonly calls: number
  readonly tokens: number
  readonly milliseconds: number
}

/** Whether there is nothing left for another call. Pure. */
export function exhausted(spent: Spent, limits: SelfRagLimits): boolean {
  return spent.calls >= limits.calls || spent.tokens >= limits.tokens || spent.milliseconds >= limits.milliseconds
}
