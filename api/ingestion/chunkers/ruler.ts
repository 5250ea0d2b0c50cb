/** Says how much of a text fits, so that texts are cut alike whether characters or tokens are counted. */
export interface Ruler {
  /** The last position up to which the text from `from` on measures `size` at most; always beyond the character at `from`. */
  reach(from: number, size: number): number
  /** The first position from which the text up to `to` measures `size` at most. */
  reachBack(to: number, size: number): number
}

/** Characters as `String.slice` counts them. */
export const characterRuler: Ruler = {
  reach: (from, size) => from + size,
  reachBack: (to, size) => Math.max(0, to - size),
}
