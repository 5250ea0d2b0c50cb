import type { z } from 'zod'

type RawIssue = z.core.$ZodRawIssue
type Shape = Readonly<Record<string, unknown>>

/**
 * What people read about one wrong field of a request or a resource, without the field's name: what is allowed, and what was sent instead. Given to
 * zod as the error map of a parse; null leaves zod's own words (custom refinements bring theirs).
 */
export function describeIssue(issue: RawIssue): string | null {
  const got = `got ${describeValue(issue.input)}`
  switch (issue.code) {
    case 'invalid_type': {
      const expected = expectedType(isInteger(issue) ? 'int' : issue.expected)
      return issue.input === undefined ? `is required: ${expected}` : `must be ${expected}, ${got}`
    }
    case 'invalid_value':
      return `must be ${oneOf(issue.values)}, ${got}`
    case 'too_big':
      return `must ${atMost(issue)}, ${got}`
    case 'too_small':
      return `must ${atLeast(issue)}, ${got}`
    case 'unrecognized_keys':
      return `unknown ${plural('field', issue.keys.length)} ${issue.keys.slice(0, 5).map(quote).join(', ')}; allowed: ${knownFields(issue)}`
    case 'invalid_format':
      return issue.format === 'regex' ? null : `must be ${formats[issue.format] ?? `a valid ${issue.format}`}, ${got}`
    case 'invalid_key':
      return `the name of a field ${issue.issues.map(inner => describeIssue(inner as RawIssue)).join(', ')}`
    case 'invalid_union':
      return faultWithin(issue) ?? `must be ${unionOptions(issue)}, ${got}`
    default:
      return null
  }
}

const formats: Readonly<Record<string, string>> = {
  uuid: 'a UUID',
  date: 'a date, such as 2026-11-30',
  datetime: 'an RFC 3339 date-time',
  url: 'a URL',
}

function expectedType(expected: string): string {
  const names: Readonly<Record<string, string>> = { int: 'an integer', array: 'an array', object: 'an object', record: 'an object' } // prettier-ignore
  return names[expected] ?? `a ${expected}`
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? JSON.stringify(values[0]) : `one of ${values.map(value => JSON.stringify(value)).join(', ')}` // prettier-ignore
}

function atMost({ origin, maximum }: { origin: string; maximum: number | bigint }): string {
  if (origin === 'string') return `have at most ${maximum} characters`
  return origin === 'array' ? `have at most ${maximum} items` : `be at most ${maximum}`
}

function atLeast({ origin, minimum }: { origin: string; minimum: number | bigint }): string {
  if (origin === 'string') return Number(minimum) === 1 ? 'not be empty' : `have at least ${minimum} characters`
  return origin === 'array' ? `have at least ${minimum} ${plural('item', Number(minimum))}` : `be at least ${minimum}`
}

/** Of text where an integer should be, zod says that a number is missing. */
function isInteger(issue: RawIssue): boolean {
  return definitionOf(issue).format === 'safeint'
}

function definitionOf(issue: RawIssue): { readonly shape?: Shape; readonly format?: string } {
  return (issue.inst as { _zod?: { def?: object } } | undefined)?._zod?.def ?? {}
}

function knownFields(issue: RawIssue): string {
  const { shape } = definitionOf(issue)
  return Object.keys(shape ?? {}).join(', ') || 'none'
}

/** Where the value is of one option's type and of no other's, what is wrong inside it: `[0].type: must be "text", …`. */
function faultWithin(issue: RawIssue & { readonly code: 'invalid_union' }): string | null {
  const [fitting, ...others] = issue.errors.filter(option => option.every(inner => inner.path.length > 0))
  const fault = fitting?.[0]
  if (!fault || others.length > 0) return null
  const path = fault.path.map(key => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
  return `${path.replace(/^\./, '')}: ${fault.message}`
}

function unionOptions(issue: RawIssue & { readonly code: 'invalid_union' }): string {
  const options = issue.errors.flatMap(option => option.filter(inner => inner.path.length === 0).map(unionOption))
  const known = [...new Set(options.filter(option => option !== null))]
  return known.length > 0 ? known.join(' or ') : 'of another form'
}

function unionOption(fault: z.core.$ZodIssue): string | null {
  if (fault.code === 'invalid_type') return expectedType(fault.expected)
  return fault.code === 'invalid_value' ? oneOf(fault.values) : null
}

/** The type, and the value itself where it is short and cannot be a document or a secret's whole. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${value.length} ${plural('item', value.length)}`
  switch (typeof value) {
    case 'string':
      return value.length > 40 ? `a string of ${value.length} characters` : `the string ${quote(value)}`
    case 'number':
    case 'boolean':
      return `the ${typeof value} ${value}`
    case 'undefined':
      return 'nothing'
    default:
      return `an ${typeof value}`
  }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 64))
}

function plural(noun: string, count: number): string {
  return count === 1 ? noun : `${noun}s`
}
