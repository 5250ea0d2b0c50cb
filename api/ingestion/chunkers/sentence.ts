import type { Chunker } from './chunker.ts'
import { pack } from './pack.ts'
import type { Span } from './span.ts'
import { toChunks } from './to-chunks.ts'

/** ICU's rules, with its list of abbreviations (`Dr.`, `e.g.`) that end no sentence; they know 。 and ！ as well. */
const sentences = new Intl.Segmenter('en-u-ss-standard', { granularity: 'sentence' })

/** Whole sentences, as many as fit; one that does not fit by itself is cut at a clause or a word. */
export const sentenceChunker: Chunker = {
  name: 'sentence',
  chunk(document, { chunkSize, chunkOverlap }) {
    return toChunks(document, pack(document.text, sentenceSpans(document.text), chunkSize, chunkOverlap))
  },
}

function sentenceSpans(text: string): Span[] {
  // A single line break is where a line was full, not where a sentence ends. Same length, so offsets stay.
  const unwrapped = text.replace(/(?<=[^\n\r])(\r?\n)(?=[^\n\r])/g, lineBreak => ' '.repeat(lineBreak.length))
  return Array.from(sentences.segment(unwrapped), ({ index, segment }) => ({
    start: index,
    end: index + segment.length,
  }))
}
