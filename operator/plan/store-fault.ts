/** A store that could not be used, in the words of the conditions DatabaseReady and VectorStoreReady. */
export interface StoreFault {
  readonly store: 'database' | 'vectors'
  /**
   * `Unreachable` (or it answers with faults of its own) and `OutOfResources` (it answers, but its disk is full, it has no
   * connection left, it wants to be asked less): trying again may help by itself. `AccessRefused` (user, password, database,
   * API key) and `InvalidAddress` (the Secret's content): a person has to change something.
   */
  readonly reason: (typeof faultReasons)[number]
  readonly message: string
  /** The store asks not to be asked before. */
  readonly retryAfterMs?: number
}

export const faultReasons = ['Unreachable', 'OutOfResources', 'AccessRefused', 'InvalidAddress'] as const

/** Whether it can end without anybody's doing. */
export function isPassing({ reason }: Pick<StoreFault, 'reason'>): boolean {
  return reason === 'Unreachable' || reason === 'OutOfResources'
}
