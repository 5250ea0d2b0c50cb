import { analyze } from '../retrieval/bm25/analyzer.ts'

/** A passage that was taken out of a text, and what is left of it. */
export interface HeldOut {
  readonly passage: string
  readonly rest: string
}

/** Ends of sentences and lines, in any script; not of words, so that no sentence needs a capital letter after it. */
const parts = /[^.!?。！？;；\n]+(?:[.!?。！？;；\n]+|$)/g
/** A question has about so many terms at least; with fewer a passage could stand anywhere. */
const FEWEST_TERMS = 5
/** Of a text in fewer parts the rest would not tell what the passage was about. */
const FEWEST_PARTS = 3

/**
 * One sentence of a text as if somebody asked for it, and the text without it. Null for a text that is too short. Pure.
 * @param pick which of the sentences that qualify: any whole number; the first is none of them, it repeats the title
 */
export function heldOut(text: string, pick: number): HeldOut | null {
  const spans = [...text.matchAll(parts)]
    .map(match => ({ start: match.index, end: match.index + match[0].length }))
    .filter(({ start, end }) => analyze(text.slice(start, end)).length >= FEWEST_TERMS)
  if (spans.length < FEWEST_PARTS) return null
  const { start, end } = spans[1 + (pick % (spans.length - 1))]!
  return { passage: text.slice(start, end).trim(), rest: text.slice(0, start) + text.slice(end) }
}
