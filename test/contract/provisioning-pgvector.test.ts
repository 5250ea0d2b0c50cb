import { PgVectorStore } from '../../api/stores/vectors/pgvector/pg-vector-store.ts'
import { orSkip } from '../support/missing-part.ts'
import { openTestDatabase } from '../support/postgres.ts'
import { databaseWithVectors } from '../support/postgres-with-vectors.ts'
import { provisioningContract } from './provisioning.ts'

provisioningContract('pgvector', async function () {
  const own = await orSkip(this, databaseWithVectors())
  const database = openTestDatabase(own.url)
  const vectors = new PgVectorStore({ database })
  return {
    database,
    vectors,
    async meddle(collection, how) {
      const { rows } = await database.raw<{ rows: { name: string }[] }>(
        'SELECT table_name AS name FROM selfrag_vectors.collections WHERE name = ?',
        [collection],
      )
      const table = `selfrag_vectors.${rows[0]?.name}`
      if (how === 'drop-index') await database.raw(`DROP INDEX ${table}_kb_id`)
      if (how === 'retype-index') {
        await database.raw(`DROP INDEX ${table}_document_id`)
        await database.raw(`CREATE INDEX ${rows[0]?.name}_document_id ON ${table} USING hash (document_id)`)
      }
      if (how === 'regraph') {
        await database.raw(`DROP INDEX ${table}_hnsw`)
        await database.raw(
          `CREATE INDEX ${rows[0]?.name}_hnsw ON ${table} USING hnsw (dense vector_cosine_ops) WITH (m = 8, ef_construction = 50)`,
        )
      }
    },
    async close() {
      await vectors.close()
      await database.destroy()
      await own.drop()
    },
  }
})
