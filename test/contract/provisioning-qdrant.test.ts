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
    async meddle(collection, how) {
      const send = async (method: string, path: string, body?: object) => {
        const init = { method, headers: { 'content-type': 'application/json' }, ...(body && { body: JSON.stringify(body) }) } // prettier-ignore
        const answer = await fetch(`${server.url}/collections/${collection}${path}`, init)
        if (!answer.ok) throw new Error(`Qdrant answers ${answer.status}: ${await answer.text()}`)
      }
      if (how === 'drop-index') return send('DELETE', '/index/kb_id?wait=true')
      if (how === 'regraph') return send('PATCH', '', { hnsw_config: { payload_m: 8, ef_construct: 50 } })
      await send('DELETE', '/index/document_id?wait=true')
      await send('PUT', '/index?wait=true', { field_name: 'document_id', field_schema: 'integer' })
    },
    async close() {
      await vectors.close()
      await server.stop()
      await database.destroy()
      await test.drop()
    },
  }
})
