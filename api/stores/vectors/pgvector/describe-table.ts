import type { Knex } from 'knex'
import { VECTOR_SCHEMA } from '../../../contract/names.ts'
import { showHnsw } from '../tuning.ts'
import { type CollectionState, payloadIndexes } from '../vector-store.ts'
import type { CollectionRow } from './registry.ts'
import { graphOptions, hasHnsw, indexed, indexName, operatorClass } from './table-ddl.ts'

/** A collection's table as the server's catalogue has it, whatever the registry says. */
export interface TableState extends Pick<CollectionState, 'indexes' | 'wrongIndexes'> {
  /** Null: it has no column of dense vectors. */
  readonly dimension: number | null
  readonly sparse: boolean
  /** As showHnsw would say it when it is as the registry has it. */
  readonly hnsw: string
}

interface CatalogueRow {
  dense: string | null
  sparse: boolean
  indexes: { name: string; definition: string; valid: boolean; options: string[] | null }[]
}

/** Null when there is no such table. */
export async function describeTable(sql: Knex, row: CollectionRow): Promise<TableState | null> {
  const { rows } = await sql.raw<{ rows: CatalogueRow[] }>(DESCRIBE, [VECTOR_SCHEMA, row.table_name])
  const found = rows[0]
  if (!found) return null
  const size = /^vector\((\d+)\)$/.exec(found.dense ?? '')?.[1]
  const byName = new Map(found.indexes.map(index => [index.name, index]))
  const told = payloadIndexes.map(index => ({ index, wanted: indexed[index], found: shown(byName.get(indexName(row, index))) })) // prettier-ignore
  return {
    dimension: size === undefined ? null : Number(size),
    sparse: found.sparse,
    hnsw: graph(row, byName.get(indexName(row, 'hnsw'))),
    indexes: told.filter(one => one.found === one.wanted).map(({ index }) => index).sort(), // prettier-ignore
    wrongIndexes: Object.fromEntries(
      told.flatMap(({ index, wanted, found: is }) => (is === null || is === wanted ? [] : [[index, { wanted, found: is }]])), // prettier-ignore
    ),
  }
}

const DESCRIBE = `
  SELECT (SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
           WHERE a.attrelid = c.oid AND a.attname = 'dense' AND NOT a.attisdropped) AS dense,
         EXISTS (SELECT FROM pg_attribute a
                  WHERE a.attrelid = c.oid AND a.attname = 'sparse' AND NOT a.attisdropped
                    AND format_type(a.atttypid, NULL) = 'sparsevec') AS sparse,
         (SELECT coalesce(json_agg(json_build_object('name', i.relname, 'definition', pg_get_indexdef(i.oid),
                                                     'valid', x.indisvalid, 'options', i.reloptions)), '[]')
            FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid) AS indexes
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = ? AND c.relname = ? AND c.relkind = 'r'`

type IndexRow = CatalogueRow['indexes'][number]

/** `btree (kb_id)`; what is in the way of its use comes after it. */
function shown(index: IndexRow | undefined): string | null {
  if (!index) return null
  const definition = index.definition.slice(index.definition.indexOf(' USING ') + ' USING '.length)
  return index.valid ? definition : `${definition}, not valid`
}

function graph(row: CollectionRow, index: IndexRow | undefined): string {
  // No graph is wanted; what the settings say is of no consequence and never drifts.
  if (!hasHnsw(row)) return showHnsw(row.hnsw)
  if (!index) return 'no index'
  const definition = shown(index) ?? ''
  const isOurs = definition.startsWith(`hnsw (dense ${operatorClass[row.distance ?? 'cosine']})`) && index.valid
  if (!isOurs) return definition
  const options = new Map((index.options ?? []).map(option => option.split('=') as [string, string]))
  const found = { m: Number(options.get('m') ?? 16), efConstruct: Number(options.get('ef_construction') ?? 64) }
  const wanted = graphOptions(row.hnsw)
  const isSame = found.m === wanted.m && found.efConstruct === wanted.efConstruct
  return showHnsw(isSame ? row.hnsw : { ...row.hnsw, ...found })
}
