import type { Knex } from 'knex'
import { VECTOR_SCHEMA } from '../../../contract/names.ts'
import type { HnswSettings, PayloadIndex } from '../vector-store.ts'
import { type CollectionRow, qualified } from './registry.ts'

/** Term ids are below it (the contract's 2^29). */
export const SPARSE_DIMENSIONS = 2 ** 29

/** pgvector indexes vectors up to this length; longer ones are compared one by one. */
const LONGEST_INDEXED = 2000

export const operatorClass = { cosine: 'vector_cosine_ops', dot: 'vector_ip_ops', euclid: 'vector_l2_ops' } as const

export const indexed: Record<PayloadIndex, string> = {
  // Both together serve every scope: a tenant, or some of its knowledge bases.
  tenant_id: 'btree (tenant_id, kb_id)',
  kb_id: 'btree (kb_id)',
  document_id: 'btree (document_id)',
  filter_terms: 'gin (filter_terms)',
}

/** `metadata` is json and not jsonb: it is given back as it came, and filters read the two columns after it. */
export async function createTable(sql: Knex, row: CollectionRow): Promise<void> {
  await sql.raw(
    `CREATE TABLE IF NOT EXISTS ?? (
       id uuid PRIMARY KEY,
       tenant_id text NOT NULL,
       kb_id text NOT NULL,
       document_id text NOT NULL,
       chunk_id text NOT NULL,
       position int NOT NULL,
       text text NOT NULL,
       metadata json NOT NULL,
       filter_terms text[] NOT NULL,
       filter_numbers jsonb NOT NULL,
       ${row.dimension === null ? '' : `dense vector(${row.dimension}),`}
       sparse sparsevec(${SPARSE_DIMENSIONS}) NOT NULL
     )`,
    [qualified(row)],
  )
}

export async function createPayloadIndex(sql: Knex, row: CollectionRow, index: PayloadIndex): Promise<void> {
  await sql.raw(`CREATE INDEX IF NOT EXISTS ?? ON ?? USING ${indexed[index]}`, [indexName(row, index), qualified(row)])
}

export async function dropPayloadIndex(sql: Knex, row: CollectionRow, index: PayloadIndex): Promise<void> {
  await sql.raw('DROP INDEX IF EXISTS ??', [`${VECTOR_SCHEMA}.${indexName(row, index)}`])
}

/** Builds the graph anew, as its settings cannot be changed in place. */
export async function rebuildHnsw(sql: Knex, row: CollectionRow): Promise<void> {
  await sql.raw('DROP INDEX IF EXISTS ??', [`${VECTOR_SCHEMA}.${indexName(row, 'hnsw')}`])
  if (!hasHnsw(row)) return
  const { m, efConstruct } = graphOptions(row.hnsw)
  await sql.raw(
    `CREATE INDEX ?? ON ?? USING hnsw (dense ${operatorClass[row.distance ?? 'cosine']})
     WITH (m = ${m}, ef_construction = ${efConstruct})`,
    [indexName(row, 'hnsw'), qualified(row)],
  )
}

/**
 * Only what one tenant has to itself gets a graph. In a shared table it would span all tenants, and a search would wander
 * through the others' points; there, the tenant's rows are found by their index and compared one by one.
 */
export function hasHnsw(row: CollectionRow): boolean {
  return row.tenancy === 'dedicated' && row.dimension !== null && row.dimension <= LONGEST_INDEXED
}

/** pgvector asks for ef_construction ≥ 2 m, and has bounds of its own. */
export function graphOptions({ m, efConstruct }: HnswSettings): { m: number; efConstruct: number } {
  const connections = clamp(m, 2, 100)
  return { m: connections, efConstruct: clamp(Math.max(efConstruct, 2 * connections), 4, 1000) }
}

export function indexName(row: CollectionRow, index: PayloadIndex | 'hnsw'): string {
  return `${row.table_name}_${index}`
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(Math.trunc(value), low), high)
}
