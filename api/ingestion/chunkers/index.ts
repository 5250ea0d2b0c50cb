import type { ChunkerName } from '../../contract/chunking.ts'
import type { Chunker } from './chunker.ts'
import { codeChunker } from './code.ts'
import { markdownChunker } from './markdown.ts'
import { parentChildChunker } from './parent-child.ts'
import { recursiveChunker } from './recursive.ts'
import { sentenceChunker } from './sentence.ts'
import { simpleChunker } from './simple.ts'
import { slidingWindowChunker } from './sliding-window.ts'
import { tokenChunker } from './token.ts'

/** Every chunker by its name. */
export const chunkers: Readonly<Record<ChunkerName, Chunker>> = {
  recursive: recursiveChunker,
  markdown: markdownChunker,
  sentence: sentenceChunker,
  simple: simpleChunker,
  sliding_window: slidingWindowChunker,
  token: tokenChunker,
  code: codeChunker,
  parent_child: parentChildChunker,
}
