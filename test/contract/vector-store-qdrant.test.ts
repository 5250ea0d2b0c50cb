import { describe } from 'mocha'
import { QdrantVectorStore } from '../../api/stores/vectors/qdrant/qdrant-vector-store.ts'
import { orSkip } from '../support/missing-part.ts'
import { qdrant } from '../support/qdrant.ts'
import { vectorStoreContract } from './vector-store.ts'

describe('vector store: qdrant', function () {
  this.timeout(120_000)
  // The test server works through all points in Python; on a busy machine the product's limit would cut it short.
  vectorStoreContract(
    async context => new QdrantVectorStore({ ...(await orSkip(context, qdrant())), timeoutMs: 60_000 }),
  )
})
