import { ApiError } from '../../contract/error-codes.ts'
import type { Condition, MetadataFilter } from '../../stores/vectors/metadata-filter.ts'
import { isOperator, operands, operatorNames } from './operands.ts'

const MAX_DEPTH = 8
const MAX_CONDITIONS = 100
const MAX_FIELD_CHARACTERS = 256

/**
 * Reads a metadata filter as callers write it:
 *
 * - `{"lang": "en"}`: a field and the value it must have
 * - `{"year": {"gte": 2020, "lt": 2024}, "lang": {"in": ["en", "de"]}}`: operators; all of them must hold
 * - `{"or": [{"lang": "en"}, {"not": {"open": true}}], "author.name": "Ann"}`: `and`, `or` and `not` take filters in turn,
 *   and may stand beside fields
 *
 * What the operators mean stands at `Condition` in stores/vectors/metadata-filter.ts. `{}` lets everything through.
 *
 * @param where names the filter in messages
 * @throws ApiError VALIDATION_ERROR (400) with the path of the first fault and what is allowed there. Nothing is ever
 *   ignored: a filter that is not understood would show what it should hide.
 */
export function parseFilter(json: unknown, where = 'metadata_filter'): MetadataFilter {
  const budget: Budget = { conditions: 0, where }
  if (isObject(json) && Object.keys(json).length === 0) return { and: [] }
  return parseNode(json, where, 1, budget)
}

interface Budget {
  conditions: number
  readonly where: string
}

function parseNode(json: unknown, path: string, depth: number, budget: Budget): MetadataFilter {
  if (depth > MAX_DEPTH) fail(budget.where, `is nested too deeply; at most ${MAX_DEPTH} levels`)
  if (!isObject(json)) return fail(path, `must be an object of conditions, such as {"lang": "en"}, got ${shown(json)}`)
  const parts = Object.entries(json).flatMap(([key, inner]) => parseEntry(key, inner, path, depth, budget))
  const [first] = parts
  if (!first) return fail(path, 'must hold at least one condition')
  return parts.length === 1 ? first : { and: parts }
}

function parseEntry(key: string, inner: unknown, path: string, depth: number, budget: Budget): MetadataFilter[] {
  const here = `${path}.${excerpt(key)}`
  if (key === 'not') return [{ not: parseNode(inner, here, depth + 1, budget) }]
  if (key === 'and' || key === 'or') {
    if (!Array.isArray(inner) || inner.length === 0) return fail(here, 'must be a list of at least one filter')
    const parts = inner.map((part: unknown, i) => parseNode(part, `${here}[${i}]`, depth + 1, budget))
    return [key === 'and' ? { and: parts } : { or: parts }]
  }
  checkField(key, here)
  return parseField(key, inner, here).map(condition => counted(condition, budget))
}

function counted(condition: Condition, budget: Budget): Condition {
  if (++budget.conditions > MAX_CONDITIONS) fail(budget.where, `has more than ${MAX_CONDITIONS} conditions`)
  return condition
}

/** Any name can be asked for; these are mistakes. */
function checkField(field: string, path: string): void {
  if (field.startsWith('$')) fail(path, 'a field cannot begin with "$"; operators are written without it, as in {"year": {"gte": 2020}} and {"or": […]}') // prettier-ignore
  if (field.length > MAX_FIELD_CHARACTERS) fail(path, `a field has at most ${MAX_FIELD_CHARACTERS} characters`)
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(field)) fail(path, 'a field cannot have control characters')
  if (field.split('.').includes('')) fail(path, 'a field is a path of names joined by single dots, such as "author.name"') // prettier-ignore
}

function parseField(field: string, inner: unknown, path: string): Condition[] {
  if (Array.isArray(inner)) return fail(path, 'a list needs an operator: {"in": […]} for any of its values')
  if (inner === null) return fail(path, 'null is no value; {"exists": false} asks for a missing or empty field')
  if (!isObject(inner)) return [parseCondition(field, 'eq', inner, path)]
  const conditions = Object.entries(inner).map(([op, value]) => parseCondition(field, op, value, `${path}.${excerpt(op)}`)) // prettier-ignore
  return conditions.length > 0 ? conditions : fail(path, `names no operator; there are ${operatorNames.join(', ')}`)
}

function parseCondition(field: string, op: string, value: unknown, path: string): Condition {
  if (!isOperator(op)) {
    const hint = op.startsWith('$')
      ? 'written without "$"'
      : `a nested field is written "${excerpt(field)}.${excerpt(op)}"`
    return fail(path, `unknown operator; allowed: ${operatorNames.join(', ')} (${hint})`)
  }
  const parsed = operands[op].safeParse(value)
  if (!parsed.success) return fail(path, `${parsed.error.issues[0]?.message ?? 'is not allowed'}, got ${shown(value)}`)
  return { field, op, value: parsed.data } as Condition
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  return excerpt(JSON.stringify(value) ?? String(value))
}

function excerpt(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function fail(path: string, what: string): never {
  throw new ApiError('VALIDATION_ERROR', `${path}: ${what}`)
}
