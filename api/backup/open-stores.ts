import type { Configuration } from '../contract/configuration.ts'
import { configuredAddress, type DatabaseAddress } from '../stores/postgres/database-address.ts'
import { openDatabase } from '../stores/postgres/database.ts'
import { PgVectorStore } from '../stores/vectors/pgvector/pg-vector-store.ts'
import { QdrantSnapshots } from '../stores/vectors/qdrant/snapshots.ts'
import { QdrantVectorStore } from '../stores/vectors/qdrant/qdrant-vector-store.ts'
import type { BackupStores } from './take-backup.ts'

export interface OpenedStores extends BackupStores {
  close(): Promise<void>
}

/** Few connections, and none that is kept: a backup is one reader. */
const pool = { keep: 0, max: 4, acquireTimeoutMs: 30_000, lifetimeMs: 86_400_000 }

/**
 * The stores that a configuration names.
 * @param address another database than the configured one
 * @param timeoutMs of one request to Qdrant; snapshots take their time
 */
export function openStores(
  configuration: Configuration,
  address: DatabaseAddress = configuredAddress(configuration),
  timeoutMs = 60_000,
): OpenedStores {
  const database = openDatabase({ address, applicationName: 'selfrag-backup', pool })
  const qdrant = qdrantOf(configuration)
  const vectors = qdrant ? new QdrantVectorStore({ ...qdrant, timeoutMs }) : new PgVectorStore({ database })
  return {
    database,
    vectors,
    snapshots: qdrant && new QdrantSnapshots(qdrant),
    async close() {
      await vectors.close()
      await database.destroy()
    },
  }
}

function qdrantOf({ VECTOR_ENGINE, QDRANT_URL: url, QDRANT_API_KEY: apiKey }: Configuration) {
  if (VECTOR_ENGINE === 'pgvector') return null
  if (!url) throw new TypeError('QDRANT_URL is not set; parseConfiguration must come first')
  return { url, ...(apiKey !== undefined && { apiKey }) }
}
