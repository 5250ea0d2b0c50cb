/** A store that could not be used, in the words of the conditions DatabaseReady and VectorStoreReady. */
export interface StoreFault {
  readonly store: 'database' | 'vectors'
  /**
   * `Unreachable`: trying again may help by itself. `AccessRefused` (user, password, database) and `InvalidAddress` (the
   * Secret's content): a person has to change something.
   */
  readonly reason: 'Unreachable' | 'AccessRefused' | 'InvalidAddress'
  readonly message: string
}
