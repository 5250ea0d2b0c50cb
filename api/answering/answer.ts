import type { Span } from './sentences.ts'

/** What an answer may draw on: a chunk that was retrieved. Its number in the answer is its place in the list, from 1. */
export interface Source {
  readonly chunkId: string
  readonly documentId: string
  readonly text: string
  /** What the chunk is about by its place: title of the document, headings. */
  readonly context: readonly string[]
}

/** "What stands before `[index]` in the answer is said at `span` of this source." */
export interface Citation {
  readonly index: number
  readonly chunkId: string
  readonly documentId: string
  /** Into the chunk's text: `source.text.slice(span.start, span.end)`. */
  readonly span: Span
}

/** `supported`: every statement that is cited stands in a source. `insufficient_evidence`: the sources do not answer. */
export type AnswerStatus = 'supported' | 'insufficient_evidence'

export interface Answer {
  readonly text: string
  readonly status: AnswerStatus
  readonly citations: readonly Citation[]
}

export const NOTHING_FOUND = 'The knowledge bases that were searched do not answer this question.'

export const nothingFound: Answer = { text: NOTHING_FOUND, status: 'insufficient_evidence', citations: [] }
