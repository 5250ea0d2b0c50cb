import type { RetrievedChunk } from '../retrieval/retriever.ts'
import type { Source } from './answer.ts'

/** A retrieved chunk as something to answer from. */
export function sourceOf(chunk: RetrievedChunk): Source {
  return { chunkId: chunk.chunkId, documentId: chunk.documentId, text: chunk.text, context: context(chunk.metadata) }
}

/** Title and headings; metadata is the caller's, so only text is believed. */
function context(metadata: Readonly<Record<string, unknown>>): string[] {
  const { title, headings } = metadata
  return [title, ...(Array.isArray(headings) ? (headings as unknown[]) : [])].filter(value => typeof value === 'string')
}
