import { after, before } from 'mocha'
import { VectorScope } from '../../api/stores/vectors/vector-scope.ts'
import type { CollectionSpec, VectorStore } from '../../api/stores/vectors/vector-store.ts'
import { spec, uniquePrefix } from './vector-store-points.ts'
import type { OpenStore } from './vector-store.ts'

/** A store with one collection, for the tests of one `describe`; each test should use a tenant of its own. */
export interface StoreFixture {
  readonly store: VectorStore
  readonly collection: string
  scope(tenant: string, knowledgeBases?: 'all' | readonly string[]): VectorScope
}

/** Registers the hooks that make the collection and delete it. The fixture is there when the tests run. */
export function storeFixture(open: OpenStore, wanted: CollectionSpec = spec()): StoreFixture {
  const collection = `${uniquePrefix()}_g1`
  let store: VectorStore | undefined
  before(async function () {
    store = await open(this)
    await store.collections.create(collection, wanted)
  })
  after(async () => {
    await store?.collections.delete(collection)
    await store?.close()
  })
  return {
    collection,
    get store() {
      if (!store) throw new Error('the fixture is there in tests and hooks only')
      return store
    },
    scope: (tenant, knowledgeBases = 'all') => new VectorScope(collection, tenant, knowledgeBases),
  }
}
