import { QdrantVectorStore } from '../../api/stores/vectors/qdrant/qdrant-vector-store.ts'
import { orSkip } from '../support/missing-part.ts'
import { openTestDatabase, postgres } from '../support/postgres.ts'
import { separateQdrant } from '../support/qdrant.ts'
import { provisioningContract } from './provisioning.ts'

provisioningContract('Qdrant', async function () {
  const server = await orSkip(this, separateQdrant())
  const test = await (await postgres()).createDatabase()
  const database = openTestDatabase(test.url)
  const vectors = new QdrantVectorStore(server)
  return {
    database,
    vectors,
    async dropIndex(collection) {
      const answer = await fetch(`${server.url}/collections/${collection}/index/kb_id?wait=true`, { method: 'DELETE' })
      if (!answer.ok) throw new Error(`Qdrant answers ${answer.status}`)
    },
    async close() {
      await vectors.close()
      await server.stop()
      await database.destroy()
      await test.drop()
    },
  }
})
