import { VectorScope } from '../../api/stores/vectors/vector-scope.ts'
import type { ScoredPoint, VectorStore } from '../../api/stores/vectors/vector-store.ts'

/** What a store whose filter is broken in one place would let through. */
export type Leak =
  'get' | 'count' | 'search' | 'filtered search' | 'updateSparse' | 'delete by id' | 'delete by document'

/**
 * A store that forgets, in one method, whose points a scope may reach: it does the same for every tenant that has ever
 * written through it. What it does to whom the scope names is right.
 */
export function leaking(store: VectorStore, leak: Leak): VectorStore {
  const writers = new Set<string>()
  const everybody = (scope: VectorScope) =>
    [...new Set([scope.tenantId, ...writers])].map(id => new VectorScope(scope.collection, id, scope.knowledgeBaseIds))
  const inAll = <T>(scope: VectorScope, work: (one: VectorScope) => Promise<T>) =>
    Promise.all(everybody(scope).map(work))
  return {
    engine: store.engine,
    collections: store.collections,
    ping: signal => store.ping(signal),
    close: () => store.close(),
    async upsert(scope, points) {
      writers.add(scope.tenantId)
      await store.upsert(scope, points)
    },
    async get(scope, ids) {
      if (leak !== 'get') return store.get(scope, ids)
      return (await inAll(scope, one => store.get(one, ids))).flat()
    },
    embeddings: (scope, ids) => store.embeddings(scope, ids),
    page: (scope, page) => store.page(scope, page),
    countByDocument: scope => store.countByDocument(scope),
    async count(scope, selector) {
      if (leak !== 'count') return store.count(scope, selector)
      return (await inAll(scope, one => store.count(one, selector))).reduce((sum, count) => sum + count, 0)
    },
    async search(scope, request) {
      const leaks = leak === (request.filter ? 'filtered search' : 'search')
      if (!leaks) return store.search(scope, request)
      const found = await inAll(scope, one => store.search(one, request))
      return request.legs.map((_, leg): ScoredPoint[] => found.flatMap(lists => lists[leg] ?? []))
    },
    async updateSparse(scope, vectors) {
      if (leak !== 'updateSparse') return store.updateSparse(scope, vectors)
      await inAll(scope, one => store.updateSparse(one, vectors))
    },
    async delete(scope, selector) {
      const leaks =
        (leak === 'delete by id' && 'ids' in selector) || (leak === 'delete by document' && 'documentId' in selector)
      if (!leaks) return store.delete(scope, selector)
      await inAll(scope, one => store.delete(one, selector))
    },
  }
}
