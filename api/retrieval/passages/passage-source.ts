import type { TenantScope } from '../../stores/postgres/tenant-scope.ts'

/** A part of a document's text, in UTF-16 code units, `end` excluded. */
export interface Passage {
  readonly documentId: string
  readonly start: number
  readonly end: number
}

/** Where a chunk stands in its document, and what is around it. */
export interface ChunkPlace extends Passage {
  readonly chunkId: string
  /** The larger part that it was cut from, where there is one. */
  readonly parent: { readonly start: number; readonly end: number } | null
  /** From the chunks that were asked for before it to those after it, itself included. */
  readonly around: { readonly start: number; readonly end: number; readonly chunkIds: readonly string[] }
}

/** The text behind chunks. Nothing outside the scope is ever found. */
export interface PassageSource {
  /**
   * @param reach how many chunks before and after each count as around it; 0: itself
   * @returns in any order; a chunk that is not there (any more) is left out
   */
  locate(scope: TenantScope, chunkIds: readonly string[], reach: number): Promise<ChunkPlace[]>

  /** The texts, in the passages' order; null where the document is not there or shorter. */
  read(scope: TenantScope, passages: readonly Passage[]): Promise<(string | null)[]>
}
