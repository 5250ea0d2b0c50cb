import { describeCollections } from './vector-store-collections.ts'
import { describeIsolation } from './vector-store-isolation.ts'
import { describePoints } from './vector-store-reading-and-writing.ts'
import { describeSearch } from './vector-store-search.ts'
import type { VectorStore } from '../../api/stores/vectors/vector-store.ts'

/** Opens a store on a running server; called inside a hook, so that it can skip when the server is missing. */
export type OpenStore = (context: Mocha.Context) => Promise<VectorStore>

/** What every vector store must do. One file for each part, called by one test file for each engine. */
export function vectorStoreContract(open: OpenStore): void {
  describeCollections(open)
  describePoints(open)
  describeSearch(open)
  describeIsolation(open)
}
