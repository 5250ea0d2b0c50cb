import { startEmbeddedPostgres } from '../../api/standalone/embedded-postgres.ts'
import { PgVectorStore } from '../../api/stores/vectors/pgvector/pg-vector-store.ts'
import { openTestDatabase } from '../support/postgres.ts'
import { provisioningContract } from './provisioning.ts'

provisioningContract('pgvector', async () => {
  // Not the one that suites share: this one drops schemas.
  const pglite = await startEmbeddedPostgres(null)
  const database = openTestDatabase(pglite.url)
  const vectors = new PgVectorStore({ database })
  return {
    database,
    vectors,
    async dropIndex(collection) {
      const { rows } = await database.raw<{ rows: { name: string }[] }>(
        `SELECT format('%I.%I', schemaname, indexname) AS name FROM pg_indexes
          WHERE schemaname = 'selfrag_vectors' AND indexdef LIKE '%(kb_id)%'
            AND tablename = (SELECT table_name FROM selfrag_vectors.collections WHERE name = ?)`,
        [collection],
      )
      for (const { name } of rows) await database.raw(`DROP INDEX ${name}`)
    },
    async close() {
      await vectors.close()
      await database.destroy()
      await pglite.stop()
    },
  }
})
