import type { Knex } from 'knex'
import type { FilterNode } from '../compile-filter.ts'
import type { VectorScope } from '../vector-scope.ts'
import type { PointSelector } from '../vector-store.ts'

/** A piece of SQL with `?` for each of its values: values never become part of the text. */
export interface Fragment {
  readonly sql: string
  readonly values: readonly Knex.RawBinding[]
}

/** The scope's own conditions. Every query about points has them, whatever else it asks for. */
export function scopeCondition(scope: VectorScope): Fragment {
  const tenant: Fragment = { sql: 'tenant_id = ?', values: [scope.tenantId] }
  if (scope.knowledgeBaseIds === 'all') return tenant
  return join([tenant, { sql: 'kb_id = ANY(?::text[])', values: [[...scope.knowledgeBaseIds]] }], ' AND ')
}

export function selectorCondition(scope: VectorScope, selector: PointSelector): Fragment {
  return join([scopeCondition(scope), selected(selector)], ' AND ')
}

function selected(selector: PointSelector): Fragment {
  if ('all' in selector) return { sql: 'true', values: [] }
  if ('ids' in selector) return { sql: 'id = ANY(?::uuid[])', values: [[...selector.ids]] }
  return {
    sql: 'document_id = ? AND id <> ALL(?::uuid[])',
    values: [selector.documentId, [...(selector.exceptIds ?? [])]],
  }
}

const operators = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

export function filterCondition(node: FilterNode): Fragment {
  if ('all' in node) return join(node.all.map(filterCondition), ' AND ')
  if ('any' in node) return join(node.any.map(filterCondition), ' OR ')
  if ('not' in node) {
    const { sql, values } = filterCondition(node.not)
    return { sql: `NOT (${sql})`, values }
  }
  if ('hasAnyOf' in node) return { sql: 'filter_terms && ?::text[]', values: [[...node.hasAnyOf]] }
  return {
    sql: `EXISTS (SELECT FROM jsonb_array_elements(filter_numbers -> ?::text) AS n WHERE n::float8 ${operators[node.comparison]} ?::float8)`,
    values: [node.key, node.number],
  }
}

export function join(parts: readonly Fragment[], separator: ' AND ' | ' OR '): Fragment {
  return { sql: parts.map(({ sql }) => `(${sql})`).join(separator), values: parts.flatMap(({ values }) => values) }
}
