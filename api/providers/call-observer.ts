/** Told what a call of a model costs while it is made; one call may be several requests. */
export interface CallObserver {
  /** A request failed and is sent again. */
  readonly retried?: () => void
  /** Tokens that the model read in one request, as it counts them itself. */
  readonly tokensRead?: (count: number) => void
}

/** An answer's own count of tokens; 0 where it has none that can be counted with. @param count as it came in JSON */
export function tokenCount(count: unknown): number {
  return typeof count === 'number' && Number.isSafeInteger(count) && count > 0 ? count : 0
}

/** Tells the tokens of an answer's own count, where it has one. @param count as it came in JSON */
export function tellTokens(observer: CallObserver | undefined, count: unknown): void {
  const tokens = tokenCount(count)
  if (tokens > 0) observer?.tokensRead?.(tokens)
}
