import type { Span } from './sentences.ts'

/** What an answer may draw on: a chunk that was retrieved. */
export interface Source {
  readonly chunkId: string
  readonly documentId: string
  readonly text: string
  /** What the chunk is about by its place: title of the document, headings. */
  readonly context: readonly string[]
}

/** Sources by the numbers that an answer cites them with. */
export type NumberedSources = ReadonlyMap<number, Source>

/** Numbers them by their place, from 1. */
export function numbered(sources: readonly Source[]): NumberedSources {
  return new Map(sources.map((source, index) => [index + 1, source]))
}

/** "What stands before `[index]` in the answer is said at `span` of this source." */
export interface Citation {
  readonly index: number
  readonly chunkId: string
  readonly documentId: string
  /** Into the chunk's text: `source.text.slice(span.start, span.end)`. */
  readonly span: Span
}

/**
 * `supported`: every statement that is cited stands in a source. `partial`: some of what it says does not (Self-RAG
 * only). `insufficient_evidence`: the sources do not answer. `budget_exhausted`: Self-RAG had to stop before it was sure.
 */
export const answerStatuses = ['supported', 'partial', 'insufficient_evidence', 'budget_exhausted'] as const
export type AnswerStatus = (typeof answerStatuses)[number]

export interface Answer {
  readonly text: string
  readonly status: AnswerStatus
  readonly citations: readonly Citation[]
}

/** A piece of an answer that is still being written: what to show now, and what was cited in it. */
export interface AnswerPiece {
  readonly text: string
  readonly citations: readonly Citation[]
}

/** The answer that the pieces make. Without a citation they only said that there is nothing. Pure. */
export function joined(pieces: readonly AnswerPiece[]): Answer {
  const citations = pieces.flatMap(piece => piece.citations)
  return {
    text: pieces.map(({ text }) => text).join(''),
    status: citations.length > 0 ? 'supported' : 'insufficient_evidence',
    citations,
  }
}

export const NOTHING_FOUND = 'The knowledge bases that were searched do not answer this question.'

export const nothingFound: Answer = { text: NOTHING_FOUND, status: 'insufficient_evidence', citations: [] }
