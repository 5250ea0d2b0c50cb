/** The parts of a document that an LLM is shown, and how: bounded, and told apart from what it is to do. Pure. */

/** Characters of a document's beginning that go along with each of its chunks. */
const OPENING = 2_000
/** Characters around a chunk, itself included. */
const AROUND = 6_000
/** A document up to this is shown whole where it is summarised. */
const MOST_SUMMARISED = 24_000
const EXCERPT = 1_000
const EXCERPTS = 16
const LEFT_OUT = '\n[…]\n'

/**
 * A text between tags, with nothing in it that looks like the end of it. Together with an instruction that stands in the
 * system's message only, a document's "ignore what was said before" is a text like any other.
 */
export function material(name: 'document' | 'passage' | 'summaries', text: string): string {
  const plain = text.replace(/<(?=\/?\s*(?:document|passage|summaries)\b)/gi, '‹').toWellFormed()
  return `<${name}>\n${plain}\n</${name}>`
}

/** A chunk as an LLM is shown it. */
export function passage(text: string): string {
  return material('passage', text.slice(0, AROUND))
}

/** The document as it is shown for one of its chunks: how it begins, and what is around the chunk. At most 8,000 characters. */
export function surroundings(text: string, { start, end }: { readonly start: number; readonly end: number }): string {
  if (text.length <= OPENING + AROUND) return text
  const room = Math.max(0, AROUND - (end - start))
  const from = Math.min(Math.max(0, start - Math.floor(room / 2)), text.length - AROUND)
  if (from <= OPENING) return text.slice(0, OPENING + AROUND)
  return text.slice(0, OPENING) + LEFT_OUT + text.slice(from, from + AROUND)
}

/** The document as it is shown for its summary: whole, or its beginning and passages at even distances. About 24,000 characters at most. */
export function digest(text: string): string {
  if (text.length <= MOST_SUMMARISED) return text
  const opening = MOST_SUMMARISED - EXCERPT * EXCERPTS
  const step = (text.length - opening - EXCERPT) / (EXCERPTS - 1)
  const starts = Array.from({ length: EXCERPTS }, (_, index) => opening + Math.floor(index * step))
  return [text.slice(0, opening), ...starts.map(start => text.slice(start, start + EXCERPT))].join(LEFT_OUT)
}

/** What an LLM wrote, on one line of at most `most` characters, as Postgres can keep it. */
export function oneLine(text: string, most: number): string {
  return text.replace(/[\s\0]+/g, ' ').trim().slice(0, most).toWellFormed() // prettier-ignore
}
