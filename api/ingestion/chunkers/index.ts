import type { ChunkerName } from '../../contract/chunking.ts'
import type { Chunker } from './chunker.ts'
import { markdownChunker } from './markdown.ts'
import { recursiveChunker } from './recursive.ts'
import { sentenceChunker } from './sentence.ts'

/** Every chunker by its name. */
export const chunkers: Readonly<Record<ChunkerName, Chunker>> = {
  recursive: recursiveChunker,
  markdown: markdownChunker,
  sentence: sentenceChunker,
}
