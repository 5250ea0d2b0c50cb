/** Where a text may be cut, best first. All positions are offsets into the text, between two characters. */
const levels = ['paragraph', 'line', 'sentence', 'clause', 'word'] as const
type Level = (typeof levels)[number]

/**
 * Finds every place of every level in one pass; the place is where the match ends. Blanks behind the place are looked at,
 * not taken: chunks are trimmed. Chinese and Japanese marks end a sentence or a clause without a blank.
 */
const places =
  /(?<paragraph>(?=\r?\n[^\S\n]*\n))|(?<line>(?=\r?\n))|(?<sentence>[.!?…]["'”’)\]]*(?=\s)|[。！？｡]["'”’」』）]*)|(?<clause>[,;:](?=\s)|[，、；：])|(?<word>(?<=\S)(?=[^\S\n]))/g

/** The longest that a place looks ahead, some blank lines aside. */
const LOOK_AHEAD = 16

/**
 * The best place to end a chunk, after `from` and not after `to`: the last one of the highest level; without any, the last
 * one that splits no character as people see it (a letter with its accents, a family emoji).
 */
export function lastBreak(text: string, from: number, to: number): number {
  if (to >= text.length) return text.length
  const found: Partial<Record<Level, number>> = {}
  for (const match of text.slice(from, to + LOOK_AHEAD).matchAll(places)) {
    const place = from + match.index + match[0].length
    if (place > to) break
    if (place > from) found[levelOf(match)] = place
  }
  for (const level of levels) {
    const place = found[level]
    if (place !== undefined) return place
  }
  return characterBreak(text, from, to)
}

/** The last place of any level, so that a chunk is as full as can be; as in {@link lastBreak} without any. */
export function fullBreak(text: string, from: number, to: number): number {
  if (to >= text.length) return text.length
  let last: number | undefined
  for (const match of text.slice(from, to + LOOK_AHEAD).matchAll(places)) {
    const place = from + match.index + match[0].length
    if (place > to) break
    if (place > from) last = place
  }
  return last ?? characterBreak(text, from, to)
}

/**
 * The best place for a chunk to start in order to repeat the text from about `from` to `to`: a sentence's beginning when
 * half of it stays, else a word's, else a character's. Never before `from`; `to` when there is nothing to repeat.
 */
export function firstBreak(text: string, from: number, to: number): number {
  if (from >= to) return to
  let word: number | undefined
  // One character before, because a mark there begins a sentence at `from` itself.
  const base = Math.max(0, from - 1)
  for (const match of text.slice(base, to).matchAll(places)) {
    const place = skipBlank(text, base + match.index + match[0].length, to)
    if (place < from || place >= to) continue
    const level = levelOf(match)
    word ??= place
    if (level !== 'word' && level !== 'clause' && place <= (from + to) / 2) return place
  }
  if (word !== undefined) return word
  const place = characterBreak(text, base, from)
  return place >= from ? place : Math.min(nextCharacter(text, from), to)
}

/** The first position from `position` on that holds no blank; `end` when there is none before. */
export function skipBlank(text: string, position: number, end: number): number {
  while (position < end && /\s/.test(text[position]!)) position++
  return position
}

function levelOf(match: RegExpExecArray): Level {
  return levels.find(level => match.groups?.[level] !== undefined)!
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })
const GRAPHEME_WINDOW = 64

/** The last place up to `to` that splits no grapheme; one longer than the window is split, a surrogate pair never is. */
function characterBreak(text: string, from: number, to: number): number {
  const base = Math.max(from, to - GRAPHEME_WINDOW)
  const grapheme = graphemes.segment(text.slice(base, to + GRAPHEME_WINDOW)).containing(to - base)
  const place = grapheme ? base + grapheme.index : to
  if (place > base) return place
  return splitsPair(text, to) ? to - 1 : to
}

function nextCharacter(text: string, position: number): number {
  const grapheme = graphemes.segment(text.slice(position, position + GRAPHEME_WINDOW)).containing(0)
  return position + (grapheme?.segment.length ?? 1)
}

function splitsPair(text: string, position: number): boolean {
  return /[\ud800-\udbff]/.test(text[position - 1] ?? '') && /[\udc00-\udfff]/.test(text[position] ?? '')
}
