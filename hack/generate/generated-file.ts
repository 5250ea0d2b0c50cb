/** A file that `npm run generate` writes. */
export interface GeneratedFile {
  /** From the repository's root. */
  readonly path: string
  readonly content: string
}
