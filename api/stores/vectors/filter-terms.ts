import { createHash } from 'node:crypto'
import { dateTimeMs } from './date-time.ts'
import type { Scalar } from './metadata-filter.ts'
import { words } from './words.ts'

/**
 * What a point's metadata says, in a form that every engine can compare in the same way: a set of terms, and numbers by
 * key. Both are made here, at writing, and asked for by compile-filter.ts, at reading; what a filter means is therefore
 * decided in this file alone, and not by three implementations of paths, lists and dates (hack/adr/0005-metadata-filters.md).
 */
export interface FilterTerms {
  /** Sorted, without duplicates; each is a hash of a field and of one thing that is true of it. */
  readonly terms: readonly string[]
  /** Key of a field → its numbers, or the instants (in ms since 1970) of its date-times. */
  readonly numbers: Readonly<Record<string, readonly number[]>>
}

/** One term each: the field has this value; has this word in it; is a list with this element; is there. */
export const valueTerm = (field: string, value: Scalar): string => term('value', field, typeof value, literal(value))
export const wordTerm = (field: string, word: string): string => term('word', field, word)
export const elementTerm = (field: string, value: Scalar): string =>
  term('element', field, typeof value, literal(value))
export const existsTerm = (field: string): string => term('exists', field)

/** Keys of {@link FilterTerms.numbers}: hexadecimal, so that any field name is a safe key in a path. */
export const numberKey = (field: string): string => `n${digest(['number', field]).toString('hex')}`
export const instantKey = (field: string): string => `t${digest(['instant', field]).toString('hex')}`

/** −0 is 0 in JSON, so it must be here. */
function literal(value: Scalar): string {
  return typeof value === 'number' ? String(value + 0) : String(value)
}

function term(...parts: string[]): string {
  return digest(parts).toString('base64url')
}

/** 72 bits: among a million different terms of a tenant, two are equal with a probability of 10⁻¹⁰. */
function digest(parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 9)
}

/**
 * Fields are paths: keys joined by dots, so that `{"a": {"b": 1}}` and `{"a.b": 1}` read alike. A list's elements are
 * values of the list's field, and a list of objects reads as if each of their fields held the list of its values.
 */
export function filterTerms(metadata: Readonly<Record<string, unknown>>): FilterTerms {
  const terms = new Set<string>()
  const numbers: Record<string, number[]> = {}
  walk(metadata, (field, value, inList) => {
    terms.add(existsTerm(field))
    if (!isScalar(value)) return
    terms.add(valueTerm(field, value))
    if (inList) terms.add(elementTerm(field, value))
    else if (typeof value === 'string') for (const word of words(value)) terms.add(wordTerm(field, word))
    const instant = typeof value === 'string' ? dateTimeMs(value) : null
    if (instant !== null) (numbers[instantKey(field)] ??= []).push(instant)
    if (typeof value === 'number') (numbers[numberKey(field)] ??= []).push(value)
  })
  for (const list of Object.values(numbers)) list.sort((a, b) => a - b)
  return { terms: [...terms].sort(), numbers }
}

type Visit = (field: string, value: unknown, inList: boolean) => void

/** Visits every value that is not null, an object before its fields, a list only by its elements. */
function walk(metadata: Readonly<Record<string, unknown>>, visit: Visit): void {
  // A stack of its own: metadata comes from users, and deep nesting must not end the process.
  const pending = Object.entries(metadata).map(([field, value]) => ({ field, value, inList: false }))
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { field, value, inList } = next
    if (value === null || value === undefined) continue
    if (Array.isArray(value)) {
      for (const element of value) pending.push({ field, value: element as unknown, inList: true })
      continue
    }
    visit(field, value, inList)
    if (typeof value === 'object')
      for (const [key, inner] of Object.entries(value)) pending.push({ field: `${field}.${key}`, value: inner, inList })
  }
}

function isScalar(value: unknown): value is Scalar {
  return (
    typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
  )
}
