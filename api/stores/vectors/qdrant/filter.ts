import type { Schemas } from '@qdrant/js-client-rest'
import { type CompiledFilter, compileFilter, type FilterNode } from '../compile-filter.ts'
import type { MetadataFilter } from '../metadata-filter.ts'
import type { VectorScope } from '../vector-scope.ts'
import type { PointSelector } from '../vector-store.ts'

type Filter = Schemas['Filter']
type QdrantCondition = Schemas['Condition']

/** The scope's own conditions. Every request about points has them, whatever else it asks for. */
function scopeConditions(scope: VectorScope): QdrantCondition[] {
  const conditions: QdrantCondition[] = [{ key: 'tenant_id', match: { value: scope.tenantId } }]
  if (scope.knowledgeBaseIds !== 'all') conditions.push({ key: 'kb_id', match: { any: [...scope.knowledgeBaseIds] } })
  return conditions
}

/** Whether a scope and filter can match anything at all; if not, no request is needed. */
export function isEmptyScope(scope: VectorScope): boolean {
  return scope.knowledgeBaseIds !== 'all' && scope.knowledgeBaseIds.length === 0
}

export function searchFilter(scope: VectorScope, filter: MetadataFilter | undefined): Filter | 'nothing' {
  const compiled: CompiledFilter = compileFilter(filter)
  if (isEmptyScope(scope)) return 'nothing'
  if (!('constant' in compiled)) return { must: [...scopeConditions(scope), condition(compiled)] }
  return compiled.constant ? { must: scopeConditions(scope) } : 'nothing'
}

function condition(node: FilterNode): QdrantCondition {
  if ('all' in node) return { must: node.all.map(condition) }
  if ('any' in node) return { should: node.any.map(condition) }
  if ('not' in node) return { must_not: [condition(node.not)] }
  if ('hasAnyOf' in node) return { key: 'filter_terms', match: { any: [...node.hasAnyOf] } }
  return { key: `filter_numbers.${node.key}`, range: { [node.comparison]: node.number } }
}

export function selectorFilter(scope: VectorScope, selector: PointSelector): Filter | 'nothing' {
  if (isEmptyScope(scope)) return 'nothing'
  const must = scopeConditions(scope)
  if ('all' in selector) return { must }
  if ('ids' in selector)
    return selector.ids.length === 0 ? 'nothing' : { must: [...must, { has_id: [...selector.ids] }] }
  must.push({ key: 'document_id', match: { value: selector.documentId } })
  const kept = selector.exceptIds ?? []
  return kept.length === 0 ? { must } : { must, must_not: [{ has_id: [...kept] }] }
}
