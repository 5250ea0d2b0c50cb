import type { ChunkerName, ChunkingSettings } from '../../contract/chunking.ts'
import type { ParsedDocument } from '../parsers/parser.ts'
import type { Span } from './span.ts'

/** A piece of a document: `document.text.slice(start, end) === text`, always. */
export interface Chunk {
  readonly text: string
  readonly start: number
  readonly end: number
  /** From the section that the chunk begins in. */
  readonly headings: readonly string[]
  readonly page?: number
  /** The larger part that the chunk was cut from; it holds the chunk. Only from `parent_child`. */
  readonly parent?: Span
}

export interface ChunkerSettings extends Omit<ChunkingSettings, 'enrichers'> {
  /** The most characters of a chunk, whatever `chunkSize` is counted in: what the embedding model reads. */
  readonly longest: number
}

/**
 * Cuts a document. Pure: the same document and settings give the same chunks. What all must keep (see
 * test/contract/chunker.ts): offsets are exact, every non-blank character is in a chunk, no chunk is blank or longer than
 * `settings.chunkSize` (characters, but for `token`) or `settings.longest`, no surrogate pair is split, chunks come in
 * order of `start`.
 */
export interface Chunker {
  readonly name: ChunkerName
  chunk(document: ParsedDocument, settings: ChunkerSettings): Chunk[] | Promise<Chunk[]>
}
