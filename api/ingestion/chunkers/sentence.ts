import type { Chunker } from './chunker.ts'
import { pack } from './pack.ts'
import type { Span } from './span.ts'
import { toChunks } from './to-chunks.ts'

/** ICU's rules; they know 。 and ！ as well. */
const sentences = new Intl.Segmenter('en', { granularity: 'sentence' })

/** Abbreviations that end no sentence: before names, numbers and examples. V8 leaves ICU's own list out. */
const abbreviation =
  /(?:^|[\s(])(?:Dr|Mr|Mrs|Ms|Prof|St|Fig|Figs|Eq|Eqs|Sec|Vol|No|Nos|pp|vs|cf|approx|e\.g|i\.e|al)\.\s*$/
const LONGEST_ABBREVIATION = 16

/** Whole sentences, as many as fit; one that does not fit by itself is cut at a clause or a word. */
export const sentenceChunker: Chunker = {
  name: 'sentence',
  chunk(document, { chunkSize, chunkOverlap }) {
    return toChunks(
      document,
      pack(document.text, sentenceSpans(document.text), { size: chunkSize, overlap: chunkOverlap }),
    )
  },
}

function sentenceSpans(text: string): Span[] {
  // A single line break is where a line was full, not where a sentence ends. Same length, so offsets stay.
  const unwrapped = text.replace(/(?<=[^\n\r])(\r?\n)(?=[^\n\r])/g, lineBreak => ' '.repeat(lineBreak.length))
  const spans: { start: number; end: number }[] = []
  let continues = false
  for (const { index, segment } of sentences.segment(unwrapped)) {
    const end = index + segment.length
    const last = spans.at(-1)
    if (last && continues) last.end = end
    else spans.push({ start: index, end })
    continues = abbreviation.test(segment.slice(-LONGEST_ABBREVIATION))
  }
  return spans
}
