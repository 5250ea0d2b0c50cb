import { vector } from '@electric-sql/pglite-pgvector'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { WholeBatchPGlite } from './whole-batches.ts'

/** A Postgres inside this process that ordinary clients reach over TCP. */
export interface EmbeddedPostgres {
  /** `postgresql://postgres@127.0.0.1:PORT/postgres` */
  readonly url: string
  /** Ends every connection and closes the data folder. */
  stop(): Promise<void>
}

/**
 * Starts PGlite with the `vector` extension at hand (`CREATE EXTENSION vector` is left to the user) on 127.0.0.1.
 *
 * What is different from a server: connections share one session, so session settings, session advisory locks and
 * temporary tables are everybody's (use `SET LOCAL` and transaction locks), and they take turns by transaction: code that
 * waits for another connection inside a transaction waits for ever.
 *
 * @param dataDir folder of the data, made when missing; null keeps it in memory. One process at a time may use it.
 * @param port 0 picks a free one
 */
export async function startEmbeddedPostgres(dataDir: string | null, port = 0): Promise<EmbeddedPostgres> {
  const database = new WholeBatchPGlite(dataDir ?? 'memory://', { extensions: { vector } })
  await database.waitReady
  const server = new PGLiteSocketServer({ db: database, host: '127.0.0.1', port, maxConnections: 200 })
  try {
    await server.start()
  } catch (error) {
    await database.close()
    throw error
  }
  return {
    url: `postgresql://postgres@${server.getServerConn()}/postgres`,
    stop: async () => {
      await server.stop()
      await database.close()
    },
  }
}
