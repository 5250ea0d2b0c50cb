import type { Span } from './span.ts'

type Kind = 'code' | 'table' | 'text'

/** Marks of a block stand at the beginning of a line; the rest of a long one need not be looked at. */
const LONGEST_MARK = 200

/**
 * Blocks of a part of a Markdown text, in order and without gaps: a paragraph, list item, table or code block each, with
 * the blank lines after it. A code block or table that is longer than `size` comes line by line, for lines are what can
 * be told apart in it; a long paragraph stays one block, which is then cut where sentences end.
 *
 * Looks at lines only. What it takes for a block wrongly makes a chunk less well cut, never wrong.
 */
export function markdownBlocks(text: string, part: Span, size: number): Span[] {
  const blocks: { start: number; end: number; kind: Kind }[] = []
  let fence: string | undefined
  let afterBlank = false
  for (const line of lines(text, part)) {
    const content = text.slice(line.start, Math.min(line.end, line.start + LONGEST_MARK)).trim()
    const inFence = fence !== undefined
    fence = fenceAfter(content, fence)
    const kind = inFence || fence !== undefined ? 'code' : content.startsWith('|') ? 'table' : 'text'
    const block = blocks.at(-1)
    const blank = content === '' && !inFence
    const continues = block?.kind === kind && (kind === 'code' ? inFence : !afterBlank && !/^([-*+]|\d+[.)])\s/.test(content)) // prettier-ignore
    if (block && (blank || continues)) block.end = line.end
    else blocks.push({ ...line, kind })
    afterBlank = blank
  }
  return blocks.flatMap(block =>
    block.kind !== 'text' && block.end - block.start > size ? lines(text, block) : [block],
  )
}

/** The mark that the code block, which goes on after this line, was opened with; undefined outside of one. */
function fenceAfter(line: string, open: string | undefined): string | undefined {
  const [, mark, rest] = /^(`{3,}|~{3,})(.*)$/.exec(line) ?? []
  if (mark === undefined) return open
  if (open === undefined) return mark.startsWith('`') && rest?.includes('`') ? undefined : mark
  return mark.startsWith(open) && rest?.trim() === '' ? undefined : open
}

function lines(text: string, { start, end }: Span): Span[] {
  const spans: Span[] = []
  while (start < end) {
    const newline = text.indexOf('\n', start)
    const next = newline === -1 || newline >= end ? end : newline + 1
    spans.push({ start, end: next })
    start = next
  }
  return spans
}
