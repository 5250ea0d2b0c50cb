/**
 * The part of a vector store that one caller may touch: one tenant's points in one collection, of all or of some
 * knowledge bases. The constructor is the only way to make one, and every method of a store asks for one, so a query
 * without a tenant cannot be written.
 */
export class VectorScope {
  readonly collection: string
  readonly tenantId: string
  /** `'all'`: every knowledge base of the tenant. An empty list is a scope in which there is nothing. */
  readonly knowledgeBaseIds: 'all' | readonly string[]
  // Makes the type nominal: an object literal of the same shape is not a scope.
  readonly #issued = true

  constructor(collection: string, tenantId: string, knowledgeBaseIds: 'all' | readonly string[]) {
    if (!collection || !tenantId) throw new TypeError('a vector scope needs a collection and a tenant')
    this.collection = collection
    this.tenantId = tenantId
    this.knowledgeBaseIds = knowledgeBaseIds
    void this.#issued
  }

  /** The same tenant's scope, on fewer knowledge bases. */
  narrow(knowledgeBaseIds: readonly string[]): VectorScope {
    const allowed = this.knowledgeBaseIds
    const kept = allowed === 'all' ? knowledgeBaseIds : knowledgeBaseIds.filter(id => allowed.includes(id))
    return new VectorScope(this.collection, this.tenantId, kept)
  }
}

/**
 * Whoever writes a point outside the scope it was handed has mixed up two callers: a fault of ours, never a user's.
 * @throws RangeError
 */
export function requireInScope(scope: VectorScope, knowledgeBaseId: string): void {
  const allowed = scope.knowledgeBaseIds
  if (allowed === 'all' || allowed.includes(knowledgeBaseId)) return
  throw new RangeError(`knowledge base ${knowledgeBaseId} is outside the scope that is being written to`)
}
