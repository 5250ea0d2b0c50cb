/** A heading or a page of a parsed document: it holds from `start` (an offset into the text) to the next section's. */
export interface Section {
  readonly start: number
  /** Titles from the outermost heading to the innermost: `['Install', 'On Debian']`. */
  readonly headings: readonly string[]
  /** 1-based; only for formats that have pages. */
  readonly page?: number
}
