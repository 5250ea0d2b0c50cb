/** The legs of hybrid retrieval, whose worth is measured. */
export type MeasuredLeg = 'dense' | 'bm25'

/**
 * How well each leg finds in one knowledge base, measured on passages that were taken out of its own chunks
 * (api/ingestion/measure-legs.ts); column `leg_worth` of `lexical_statistics`.
 */
export interface LegWorth {
  /** Mean reciprocal rank of the chunk that a passage was taken from: 0 never found, 1 always first. */
  readonly meanReciprocalRank: Readonly<Record<MeasuredLeg, number>>
  /**
   * How many standard deviations that chunk stands above the others that a leg lists, on average; 0: not above them. The best
   * weights for a sum of standard scores. Absent where an earlier version has measured.
   */
  readonly standardScore?: Readonly<Record<MeasuredLeg, number>>
  readonly passages: number
  /** Of the knowledge base when it was measured. */
  readonly chunks: number
  /** Of the vectors that were searched; those of another model are worth something else. */
  readonly fingerprint: string
  /** ISO 8601. */
  readonly measuredAt: string
}
