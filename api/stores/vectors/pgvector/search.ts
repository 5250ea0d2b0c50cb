import type { Knex } from 'knex'
import { TIE_MARGIN } from '../ranking.ts'
import type { Fragment } from './conditions.ts'
import { type CollectionRow, extensionVersion } from './registry.ts'
import type { HitRow } from './rows.ts'
import { type Method, type NumberedLeg, searchSql } from './search-sql.ts'
import { hasHnsw } from './table-ddl.ts'

/** How many rows the graph may look at before pgvector gives up on a filter that little passes. */
const MAX_SCAN_TUPLES = 100_000

/**
 * Runs the legs and gives their rows. Every row of the scope is compared, which is exact, until a dedicated table is
 * larger than its full_scan_threshold; then the graph is asked, and compared again where it found too little.
 */
export async function searchInTable(
  database: Knex,
  row: CollectionRow,
  table: string,
  legs: readonly NumberedLeg[],
  condition: Fragment,
): Promise<HitRow[]> {
  const run = async (sql: Knex, method: Method) => {
    const statement = searchSql({ table, distance: row.distance ?? 'cosine' }, legs, condition, method)
    return (await sql.raw<{ rows: HitRow[] }>(statement.sql, [...statement.values])).rows
  }
  const dense = legs.filter(({ leg }) => leg.using === 'dense')
  if (dense.length === 0 || !hasHnsw(row) || !(await isLarge(database, row, table))) return run(database, 'exact')

  const found = await database.transaction(async sql => {
    await tuneGraph(sql, Math.max(...dense.map(({ leg }) => leg.limit)))
    return run(sql, 'graph')
  })
  const full = dense.every(({ index, leg }) => found.filter(hit => hit.leg === index).length >= leg.limit)
  return full ? found : run(database, 'exact')
}

/** By the planner's estimate, which autovacuum keeps; −1 (never analysed) counts as small. */
async function isLarge(database: Knex, row: CollectionRow, table: string): Promise<boolean> {
  const { rows } = await database.raw<{ rows: { rows: number }[] }>(
    'SELECT reltuples AS rows FROM pg_class WHERE oid = to_regclass(?)',
    [table.split('.').map(part => `"${part}"`).join('.')], // prettier-ignore
  )
  return (rows[0]?.rows ?? -1) > row.hnsw.fullScanThreshold
}

/** For this transaction: look at enough candidates, and (from 0.8 on) at more of them until the filter is satisfied. */
async function tuneGraph(sql: Knex.Transaction, limit: number): Promise<void> {
  const candidates = Math.min(Math.max(100, 2 * (limit + TIE_MARGIN)), 1000)
  await sql.raw(`SELECT set_config('hnsw.ef_search', ?, true)`, [String(candidates)])
  const [major = 0, minor = 0] = ((await extensionVersion(sql)) ?? '').split('.').map(Number)
  if (major === 0 && minor < 8) return
  await sql.raw(
    `SELECT set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.max_scan_tuples', ?, true)`,
    [String(MAX_SCAN_TUPLES)],
  )
}
