import type { EmbeddingPart } from './ingestion-parts.ts'

/** What the embedding model reads of a chunk: its own text, and what stands before it (embedding-text.ts). */
export interface ReadingLimits {
  /** Of both together. */
  readonly characters: number
  readonly text: TokensAtMost
  readonly header: TokensAtMost
}

export interface TokensAtMost {
  readonly most: number
  readonly count: (text: string) => number
}

/** A fifth is for what stands before a chunk; the text need not give way to it, nor it to the text. */
const TEXT_SHARE = 0.8

/** Null in lexical mode, in which nothing is too long. */
export async function readingLimits(embedding: EmbeddingPart | null): Promise<ReadingLimits | null> {
  if (!embedding) return null
  const { inputTokens, maxInputCharacters: characters } = embedding.embedder
  const count = await inputTokens.counter()
  const text = Math.floor(inputTokens.most * TEXT_SHARE)
  return { characters, text: { most: text, count }, header: { most: inputTokens.most - text, count } }
}
