import type { DocumentRow } from '../stores/postgres/rows.ts'

/** Of a chunk itself, as `chunks.metadata` holds it. */
export interface ChunkMetadata {
  readonly headings: readonly string[]
  readonly page?: number
  /** Where the larger part that it was cut from stands in the text; from the chunker `parent_child`. */
  readonly parent?: { readonly start: number; readonly end: number }
}

/**
 * What filters see and results show of a chunk: `title`, `headings`, `page`, `external_id`, `filename` (those that there
 * are) and, before them, the document's own metadata: a caller's field of the same name is the one that counts, so that
 * every filter on one's own fields works as if there were no others. Offsets stay in the table chunks: nobody filters by
 * them.
 */
export function pointMetadata(
  document: Pick<DocumentRow, 'title' | 'external_id' | 'filename' | 'metadata'>,
  chunk: ChunkMetadata,
): Record<string, unknown> {
  return {
    title: document.title,
    ...(chunk.headings.length > 0 && { headings: chunk.headings }),
    ...(chunk.page !== undefined && { page: chunk.page }),
    ...(document.external_id !== null && { external_id: document.external_id }),
    ...(document.filename !== null && { filename: document.filename }),
    ...document.metadata,
  }
}
