import type { Knex } from 'knex'
import { fromKnex, type Db } from 'pg-boss'

/** What pg-boss uses of a `pg` connection. */
interface Connection {
  query(text: string): Promise<Result | Result[]>
}

interface Result {
  readonly rows: unknown[]
}

/**
 * pg-boss on the product's own pool. Its maintenance sends whole transactions (`BEGIN; …; COMMIT;`) as one text; when one
 * fails half way, the connection is left in an aborted transaction, and whoever got it from the pool next would fail with
 * "current transaction is aborted". So those are rolled back here. And it sends undefined for NULL, which knex refuses.
 */
export function queueConnection(database: Knex): Db {
  const single = fromKnex(database)
  return {
    executeSql: async (text, values) =>
      /^\s*BEGIN\b/i.test(text)
        ? wholeTransaction(database, text)
        : single.executeSql(
            text,
            values?.map(value => value ?? null),
          ),
  }
}

async function wholeTransaction(database: Knex, text: string): Promise<Result> {
  const client = database.client as Knex.Client
  const connection = (await client.acquireConnection()) as Connection
  try {
    const result = await connection.query(text)
    return Array.isArray(result) ? { rows: result.flatMap(({ rows }) => rows ?? []) } : result
  } catch (error) {
    // Fails only when the connection is lost, which the pool notices by itself.
    await connection.query('ROLLBACK').catch(() => undefined)
    throw error
  } finally {
    await client.releaseConnection(connection)
  }
}
