import type { Knex } from 'knex'
import { type CollectionRow, findCollection, qualified } from '../../../api/stores/vectors/pgvector/registry.ts'
import { hasHnsw, indexName, rebuildHnsw } from '../../../api/stores/vectors/pgvector/table-ddl.ts'
import { VECTOR_SCHEMA } from '../../../api/contract/names.ts'

/** Lets `fill` write without the graph, which is built at once afterwards: much faster, and the same. */
export async function withoutGraph(database: Knex, collection: string, fill: () => Promise<void>): Promise<void> {
  const row = await tableOf(database, collection)
  if (hasHnsw(row)) await database.raw('DROP INDEX IF EXISTS ??', [`${VECTOR_SCHEMA}.${indexName(row, 'hnsw')}`])
  await fill()
  await database.transaction(async sql => {
    await sql.raw(`SET LOCAL maintenance_work_mem = '1GB'`)
    await rebuildHnsw(sql, row)
  })
  // As autovacuum would in a while: how many rows there are decides whether the graph is asked.
  await database.raw('VACUUM (ANALYZE) ??', [qualified(row)])
}

/** Megabytes of a collection on disk, its indexes included. */
export async function sizeOf(database: Knex, collection: string): Promise<number> {
  const row = await tableOf(database, collection)
  const { rows } = await database.raw<{ rows: { bytes: string }[] }>('SELECT pg_total_relation_size(?::regclass) AS bytes', [qualified(row)]) // prettier-ignore
  return Number(rows[0]!.bytes) / 2 ** 20
}

async function tableOf(database: Knex, collection: string): Promise<CollectionRow> {
  const row = await findCollection(database, collection)
  if (!row) throw new Error(`pgvector has no collection ${collection}`)
  return row
}
