/** A stretch of a text: `text.slice(start, end)`, without white space at its ends, never empty. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A line that stands for itself: heading, list item, table row, quotation, fence. What follows it begins anew. */
const STANDS_ALONE = /^[ \t]*(#{1,6}[ \t]|[-*+][ \t]|\d{1,3}[.)][ \t]|\||>|```|~~~)/

/** Mark-up that begins a block and is no part of what it says. */
const MARKER = /^[ \t]*(#{1,6}[ \t]+|[-*+][ \t]+(\[[ xX]\][ \t]+)?|\d{1,3}[.)][ \t]+|>[ \t]*)/

/** Nothing to read in it: a rule, a fence, the line between a table's head and body. */
const NO_WORDS = /^[^\p{L}\p{N}]*$/u

/** A row of a table, or what is left of one where a chunk begins or ends in it. */
const ROW = /^[ \t]*\||\|[ \t]*$/

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })

/**
 * The sentences of plain text or Markdown, in order. A sentence that is wrapped over several lines is one; a heading, a
 * list item or a table row is one of its own. Knows the full stops of CJK text, too.
 */
export function sentences(text: string): Span[] {
  return blocks(text).flatMap(block => {
    const content = text.slice(block.start, block.end)
    // Half a row says nothing, whatever stops stand in its cells.
    const parts = ROW.test(content) ? [{ index: 0, segment: content }] : [...segmenter.segment(unbroken(content))]
    return parts
      .map(({ index, segment }) => trimmed(text, block.start + index, block.start + index + segment.length))
      .filter(span => !NO_WORDS.test(text.slice(span.start, span.end)))
  })
}

/** Same length, so that offsets stay: without the line breaks and run-in headings (`**Key.** A secret …`) that would end a sentence. */
function unbroken(block: string): string {
  return block.replace(/[\r\n]/g, ' ').replace(/\*\*[^*]+\*\*|__[^_]+__/g, bold => bold.replace(/[.!?。！？]/g, ','))
}

/** Whether the sentence at `span` is a row of a table or a piece of fenced code: it says something, but reads badly. */
export function isMarkup(text: string, span: Span): boolean {
  const line = text.slice(text.lastIndexOf('\n', span.start - 1) + 1, span.end)
  const fences = text.slice(0, span.start).match(/^[ \t]*(```|~~~)/gm)?.length ?? 0
  return ROW.test(line) || /^[ \t]*(```|~~~)/.test(line) || fences % 2 === 1
}

/** A sentence on one line; the cells of a table's row between dots, without the bars that draw the table. */
export function onOneLine(sentence: string): string {
  const line = sentence.replace(/\s+/g, ' ')
  if (!ROW.test(line)) return line
  const cells = line.split(/(?<!\\)\|/).map(cell => cell.trim())
  return cells.filter(cell => cell !== '').join(' · ')
}

/** Whether the sentence at `span` is a heading: it names what follows and says nothing itself. */
export function isHeading(text: string, span: Span): boolean {
  const line = text.slice(text.lastIndexOf('\n', span.start - 1) + 1, span.end)
  return /^[ \t]*#{1,6}[ \t]/.test(line)
}

function blocks(text: string): Span[] {
  const found: Span[] = []
  let open: { start: number; end: number } | null = null
  for (const line of text.matchAll(/[^\n]*(\n|$)/g)) {
    const content = line[0].trimEnd()
    const starts = STANDS_ALONE.test(content)
    if (open && (content === '' || starts)) {
      found.push(open)
      open = null
    }
    if (content === '') continue
    const end = line.index + content.length
    if (open) open.end = end
    else open = { start: line.index + (MARKER.exec(content)?.[0].length ?? 0), end }
    // A heading has one line; what comes next is not its continuation.
    if (/^[ \t]*(#{1,6}[ \t]|\||```|~~~)/.test(content)) {
      found.push(open)
      open = null
    }
  }
  if (open) found.push(open)
  return found
}

function trimmed(text: string, start: number, end: number): Span {
  const part = text.slice(start, end)
  const left = part.length - part.trimStart().length
  return { start: start + left, end: start + part.trimEnd().length }
}
