import type { Condition, MetadataFilter } from '../../api/stores/vectors/metadata-filter.ts'

/**
 * What a filter means, read directly from the docstring of metadata-filter.ts on the metadata itself: the model that the
 * engines are compared with. Shares no code with them.
 */
export function matches(metadata: Record<string, unknown>, filter: MetadataFilter): boolean {
  if ('and' in filter) return filter.and.every(part => matches(metadata, part))
  if ('or' in filter) return filter.or.some(part => matches(metadata, part))
  if ('not' in filter) return !matches(metadata, filter.not)
  return holds(valuesOf(metadata, '', filter.field), filter)
}

interface Value {
  readonly value: unknown
  readonly inList: boolean
}

function valuesOf(node: unknown, path: string, wanted: string, inList = false): Value[] {
  if (node === null || node === undefined) return []
  if (Array.isArray(node)) return node.flatMap(inner => valuesOf(inner, path, wanted, true))
  const here = path !== '' && path === wanted ? [{ value: node, inList }] : []
  if (typeof node !== 'object') return here
  const deeper = Object.entries(node).flatMap(([key, inner]) =>
    valuesOf(inner, path === '' ? key : `${path}.${key}`, wanted, inList),
  )
  return [...here, ...deeper]
}

function holds(values: readonly Value[], condition: Condition): boolean {
  switch (condition.op) {
    case 'eq':
      return values.some(({ value }) => value === condition.value)
    case 'ne':
      return !values.some(({ value }) => value === condition.value)
    case 'in':
      return values.some(({ value }) => (condition.value as readonly unknown[]).includes(value))
    case 'nin':
      return !values.some(({ value }) => (condition.value as readonly unknown[]).includes(value))
    case 'exists':
      return values.length > 0 === condition.value
    case 'contains':
      return values.some(({ value, inList }) => (inList ? value === condition.value : hasWords(value, condition.value)))
    default:
      return values.some(({ value }) => compares(value, condition.op, condition.value))
  }
}

/** For ASCII only: the unit test of words.ts covers the rest. */
function hasWords(text: unknown, wanted: unknown): boolean {
  if (typeof text !== 'string' || typeof wanted !== 'string') return false
  const split = (what: string) => what.toLowerCase().split(/[^a-z0-9_]+/).filter(word => word !== '') // prettier-ignore
  const there = split(text)
  return split(wanted).length > 0 && split(wanted).every(word => there.includes(word))
}

function compares(value: unknown, op: 'gt' | 'gte' | 'lt' | 'lte', bound: number | string): boolean {
  if (typeof value !== typeof bound) return false
  const a = typeof value === 'string' ? instant(value) : value
  const b = typeof bound === 'string' ? instant(bound) : bound
  if (typeof a !== 'number') return false
  return op === 'gt' ? a > b : op === 'gte' ? a >= b : op === 'lt' ? a < b : a <= b
}

/** Date.parse takes nearly everything for a date, and carries days over; the texts of the tests are proper or far from it. */
function instant(text: string): number {
  const day = text.slice(0, 10)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || !new Date(day).toISOString().startsWith(day)) return NaN
  return Date.parse(text)
}
