import { retrieverNames } from '../../api/contract/retrieval.ts'
import { QdrantVectorStore } from '../../api/stores/vectors/qdrant/qdrant-vector-store.ts'
import { localEmbedder } from '../support/local-embedder.ts'
import { orSkip } from '../support/missing-part.ts'
import { qdrant } from '../support/qdrant.ts'
import { retrieverContract } from './retriever.ts'

for (const name of retrieverNames) {
  retrieverContract(name, 'qdrant', async context => ({
    store: new QdrantVectorStore(await orSkip(context, qdrant())),
    embedder: await orSkip(context, localEmbedder()),
  }))
}
