import { retrieverNames } from '../../api/contract/retrieval.ts'
import { PgVectorStore } from '../../api/stores/vectors/pgvector/pg-vector-store.ts'
import { localEmbedder } from '../support/local-embedder.ts'
import { orSkip } from '../support/missing-part.ts'
import { pgliteUrl } from '../support/pglite.ts'
import { openTestDatabase } from '../support/postgres.ts'
import { onTeardown } from '../support/teardown.ts'
import { retrieverContract } from './retriever.ts'

let store: Promise<PgVectorStore> | undefined

/** One pool for all three suites. */
async function open(): Promise<PgVectorStore> {
  const database = openTestDatabase(await pgliteUrl())
  onTeardown(() => database.destroy())
  return new PgVectorStore({ database })
}

for (const name of retrieverNames) {
  retrieverContract(name, 'pgvector', async context => ({
    store: await (store ??= open()),
    embedder: await orSkip(context, localEmbedder()),
  }))
}
