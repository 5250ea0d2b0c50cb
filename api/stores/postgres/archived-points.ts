import type { Knex } from 'knex'
import type { VectorPoint } from '../vectors/vector-store.ts'

/**
 * The vectors of a tenant that was deleted with Snapshot, in its archived schema, until they are put back. Whoever calls
 * names the schema: it is the archive while it is archived, and the tenant's while it is being restored.
 */
export const ARCHIVED_POINTS = 'archived_points'

const columns = 'id, kb_id, document_id, chunk_id, position, text, metadata, dense, sparse_indices, sparse_values'
const types =
  'id uuid, kb_id text, document_id text, chunk_id text, position int, text text, metadata json, dense real[], ' +
  'sparse_indices int[], sparse_values real[]'

interface ArchivedRow {
  readonly id: string
  readonly kb_id: string
  readonly document_id: string
  readonly chunk_id: string
  readonly position: number
  readonly text: string
  readonly metadata: Record<string, unknown>
  readonly dense: readonly number[] | null
  readonly sparse_indices: readonly number[]
  readonly sparse_values: readonly number[]
}

/** Makes the table unless it is there. */
export async function createArchivedPoints(sql: Knex, schema: string): Promise<void> {
  await sql.raw(`CREATE TABLE IF NOT EXISTS ??.?? (${types.replace('id uuid', 'id uuid PRIMARY KEY')})`, [schema, ARCHIVED_POINTS]) // prettier-ignore
}

/** Adds points; those that are there already are overwritten. */
export async function writeArchivedPoints(sql: Knex, schema: string, points: readonly VectorPoint[]): Promise<void> {
  const excluded = columns.split(', ').map(name => `EXCLUDED.${name}`).join(', ') // prettier-ignore
  await sql.raw(
    `INSERT INTO ??.?? (${columns}) SELECT ${columns} FROM json_to_recordset(?::json) AS new(${types})
     ON CONFLICT (id) DO UPDATE SET (${columns}) = ROW (${excluded})`,
    [schema, ARCHIVED_POINTS, JSON.stringify(points.map(toRow))],
  )
}

/** How many there are, and the greatest of their ids. */
export async function describeArchivedPoints(
  sql: Knex,
  schema: string,
): Promise<{ count: number; last: string | null }> {
  const { rows } = await sql.raw<{ rows: { count: string; last: string | null }[] }>(
    'SELECT (SELECT count(*) FROM ??.??) AS count, (SELECT id FROM ??.?? ORDER BY id DESC LIMIT 1) AS last',
    [schema, ARCHIVED_POINTS, schema, ARCHIVED_POINTS],
  )
  return { count: Number(rows[0]?.count ?? 0), last: rows[0]?.last ?? null }
}

/** The first ones, in the order of their ids. */
export async function readArchivedPoints(sql: Knex, schema: string, limit: number): Promise<VectorPoint[]> {
  const rows = await sql<ArchivedRow>(ARCHIVED_POINTS).withSchema(schema).orderBy('id').limit(limit)
  return rows.map(row => fromRow(row))
}

export async function forgetArchivedPoints(sql: Knex, schema: string, ids: readonly string[]): Promise<void> {
  await sql(ARCHIVED_POINTS).withSchema(schema).whereIn('id', [...ids]).delete() // prettier-ignore
}

export async function dropArchivedPoints(sql: Knex, schema: string): Promise<void> {
  await sql.raw('DROP TABLE IF EXISTS ??.??', [schema, ARCHIVED_POINTS])
}

function toRow(point: VectorPoint): ArchivedRow {
  return {
    id: point.id,
    kb_id: point.knowledgeBaseId,
    document_id: point.documentId,
    chunk_id: point.chunkId,
    position: point.position,
    text: point.text,
    metadata: point.metadata,
    dense: point.dense ? Array.from(point.dense) : null,
    sparse_indices: point.sparse.indices,
    sparse_values: point.sparse.values,
  }
}

function fromRow(row: ArchivedRow): VectorPoint {
  return {
    id: row.id,
    knowledgeBaseId: row.kb_id,
    documentId: row.document_id,
    chunkId: row.chunk_id,
    position: row.position,
    text: row.text,
    metadata: row.metadata,
    ...(row.dense && { dense: row.dense }),
    sparse: { indices: row.sparse_indices, values: row.sparse_values },
  }
}
