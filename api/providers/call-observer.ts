/** Told what a call of a model costs while it is made; one call may be several requests. */
export interface CallObserver {
  /** A request failed and is sent again. */
  readonly retried?: () => void
  /** Tokens that the model read in one request, as it counts them itself. */
  readonly tokensRead?: (count: number) => void
}

/** Tells the tokens of an answer's own count, where it has one. @param count as it came in JSON */
export function tellTokens(observer: CallObserver | undefined, count: unknown): void {
  if (typeof count === 'number' && Number.isSafeInteger(count) && count > 0) observer?.tokensRead?.(count)
}
