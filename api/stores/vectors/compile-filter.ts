import { dateTimeMs } from './date-time.ts'
import { elementTerm, existsTerm, instantKey, numberKey, valueTerm, wordTerm } from './filter-terms.ts'
import type { Condition, MetadataFilter } from './metadata-filter.ts'
import { wantedWords } from './words.ts'

export type Comparison = 'gt' | 'gte' | 'lt' | 'lte'

/**
 * A metadata filter in terms of {@link FilterTerms}, which is all that an engine has to translate. `all` and `any` are
 * never empty, and a constant stands alone at the top or not at all, so no engine's idea of an empty list matters.
 */
export type CompiledFilter = { readonly constant: boolean } | FilterNode

export type FilterNode =
  | { readonly all: readonly FilterNode[] }
  | { readonly any: readonly FilterNode[] }
  | { readonly not: FilterNode }
  /** The point has at least one of these terms; never empty. */
  | { readonly hasAnyOf: readonly string[] }
  /** At least one of the numbers under `key` compares so. */
  | { readonly key: string; readonly comparison: Comparison; readonly number: number }

/** @throws RangeError for a range on a text that is no date-time, which parsing refuses before */
export function compileFilter(filter: MetadataFilter | undefined): CompiledFilter {
  if (!filter) return { constant: true }
  if ('and' in filter) return all(filter.and.map(compileFilter))
  if ('or' in filter) return negate(all(filter.or.map(part => negate(compileFilter(part)))))
  if ('not' in filter) return negate(compileFilter(filter.not))
  return compileCondition(filter)
}

function compileCondition(condition: Condition): CompiledFilter {
  const { field } = condition
  switch (condition.op) {
    case 'eq':
      return anyOf([valueTerm(field, condition.value)])
    case 'ne':
      return negate(anyOf([valueTerm(field, condition.value)]))
    case 'in':
      return anyOf(condition.value.map(value => valueTerm(field, value)))
    case 'nin':
      return negate(anyOf(condition.value.map(value => valueTerm(field, value))))
    case 'exists': {
      const there = anyOf([existsTerm(field)])
      return condition.value ? there : negate(there)
    }
    case 'contains':
      return contains(field, condition.value)
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return { ...side(field, condition.value), comparison: condition.op }
  }
}

function contains(field: string, value: string | number | boolean): CompiledFilter {
  const element = anyOf([elementTerm(field, value)])
  const asked = typeof value === 'string' ? [...wantedWords(value)] : []
  if (asked.length === 0) return element
  const inString = all(asked.map(word => anyOf([wordTerm(field, word)])))
  return negate(all([negate(element), negate(inString)]))
}

function side(field: string, value: number | string): { key: string; number: number } {
  if (typeof value === 'number') return { key: numberKey(field), number: value }
  const instant = dateTimeMs(value)
  if (instant === null) throw new RangeError(`${JSON.stringify(value)} is no RFC 3339 date-time`)
  return { key: instantKey(field), number: instant }
}

function anyOf(terms: readonly string[]): CompiledFilter {
  return terms.length === 0 ? { constant: false } : { hasAnyOf: terms }
}

function all(parts: readonly CompiledFilter[]): CompiledFilter {
  const nodes: FilterNode[] = []
  for (const part of parts) {
    if (!('constant' in part)) nodes.push(part)
    else if (!part.constant) return part
  }
  const [first] = nodes
  if (!first) return { constant: true }
  return nodes.length === 1 ? first : { all: nodes }
}

/** Pushes negation inwards where that makes the tree smaller: not(all(not a, not b)) is any(a, b). */
function negate(part: CompiledFilter): CompiledFilter {
  if ('constant' in part) return { constant: !part.constant }
  if ('not' in part) return part.not
  if ('all' in part && part.all.every(inner => 'not' in inner)) return { any: part.all.map(inner => inner.not) }
  return { not: part }
}
