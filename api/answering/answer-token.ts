import { INSUFFICIENT } from './prompt.ts'

/** A stretch of what a model writes, from its beginning on. Lengths are UTF-16 code units. */
export type AnswerToken =
  | { readonly kind: 'text' | 'fence' | 'insufficient'; readonly length: number }
  | { readonly kind: 'marker'; readonly length: number; readonly numbers: readonly number[] }

/** `[1]`, `[1, 3]`, `[1-3]`, `【1】`. */
const MARKER = /^[[【]\s*(\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*)\s*[\]】]/

/** What may still become one. */
const BEGUN_MARKER = /^[[【][\d\s,;–-]{0,200}$/

const INLINE_CODE = /^`[^`\n]*`/
const PLAIN = new RegExp(`^[^\`[【${INSUFFICIENT[0]}]+`)

/**
 * The first token of `rest`; null when what comes next decides which it is. Pure. Code is text: `list[0]` in it is no
 * citation.
 *
 * @param fenced whether `rest` stands in a block of code
 * @param whole nothing comes after `rest`; never null then
 */
export function firstToken(rest: string, fenced: boolean, whole: boolean): AnswerToken | null {
  if (rest.startsWith('```')) return { kind: 'fence', length: 3 }
  if (!whole && /^`{1,2}$/.test(rest)) return null
  if (fenced) return fencedText(rest, whole)
  switch (rest[0]) {
    case '`':
      return inlineCode(rest, whole)
    case '[':
    case '【':
      return marker(rest, whole)
    case INSUFFICIENT[0]:
      return verdict(rest, whole)
    default:
      return text(PLAIN.exec(rest)?.[0].length ?? 1)
  }
}

function text(length: number): AnswerToken {
  return { kind: 'text', length }
}

function fencedText(rest: string, whole: boolean): AnswerToken {
  const end = rest.indexOf('```')
  if (end > 0) return text(end)
  // Backticks at the end may be the beginning of the fence's end.
  const safe = whole ? rest : rest.replace(/`{1,2}$/, '')
  return text(safe.length)
}

function inlineCode(rest: string, whole: boolean): AnswerToken | null {
  const code = INLINE_CODE.exec(rest)
  if (code) return text(code[0].length)
  return whole || rest.includes('\n') ? text(1) : null
}

function marker(rest: string, whole: boolean): AnswerToken | null {
  const found = MARKER.exec(rest)
  if (found) return { kind: 'marker', length: found[0].length, numbers: numbers(found[1]!) }
  return !whole && BEGUN_MARKER.test(rest) ? null : text(1)
}

function verdict(rest: string, whole: boolean): AnswerToken | null {
  if (rest.startsWith(INSUFFICIENT)) return { kind: 'insufficient', length: INSUFFICIENT.length }
  return !whole && INSUFFICIENT.startsWith(rest) ? null : text(1)
}

/** `1, 3-5` → 1, 3, 4, 5. A range that is none (`9-2`) gives its ends. */
function numbers(list: string): number[] {
  const found = list.split(/[,;]/).flatMap(part => {
    const ends = part.split(/[–-]/).map(Number)
    const [first, last] = [ends[0]!, ends.at(-1)!]
    return last > first && last - first < 50 ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : ends
  })
  return [...new Set(found)]
}
