import type { FilterTerms } from '../filter-terms.ts'
import type { StoredPoint, VectorPoint } from '../vector-store.ts'
import { denseText, parseDense, parseSparse, sparseText } from './vector-text.ts'

/** A row as a search or a read gives it. */
export interface PointRow {
  readonly id: string
  readonly kb_id: string
  readonly document_id: string
  readonly chunk_id: string
  readonly position: number
  readonly text: string
  readonly metadata: Record<string, unknown>
}

export const POINT_COLUMNS = 'id, kb_id, document_id, chunk_id, position, text, metadata'

/** With its vectors, as text. */
export interface WholeRow extends PointRow {
  readonly dense: string | null
  readonly sparse: string
}

export interface HitRow extends PointRow {
  readonly leg: number
  readonly score: number
}

const columns = 'id, tenant_id, kb_id, document_id, chunk_id, position, text, metadata, filter_terms, filter_numbers'
const types =
  'id uuid, tenant_id text, kb_id text, document_id text, chunk_id text, position int, text text, metadata json, ' +
  'filter_terms text[], filter_numbers jsonb, dense text, sparse text'

/**
 * Writes rows that come as one JSON array: one parameter, however many there are. A row with the same id is only
 * overwritten when it is the same tenant's.
 */
const upsert = (names: string, values: string) => `
  INSERT INTO ?? AS stored (${columns}, ${names})
  SELECT ${columns}, ${values} FROM json_to_recordset(?::json) AS new(${types})
  ON CONFLICT (id) DO UPDATE SET (${columns}, ${names}) = ROW (${excluded(`${columns}, ${names}`)})
  WHERE stored.tenant_id = EXCLUDED.tenant_id`

export const UPSERT = {
  dense: upsert('dense, sparse', 'dense::vector, sparse::sparsevec'),
  lexical: upsert('sparse', 'sparse::sparsevec'),
}

/** The scope's conditions are to be appended. */
export const UPDATE_SPARSE = `
  UPDATE ?? AS stored SET sparse = new.sparse::sparsevec
  FROM json_to_recordset(?::json) AS new(id uuid, sparse text)
  WHERE stored.id = new.id`

function excluded(names: string): string {
  return names.split(', ').map(name => `EXCLUDED.${name}`).join(', ') // prettier-ignore
}

export function toRow(tenantId: string, point: VectorPoint, { terms, numbers }: FilterTerms): Record<string, unknown> {
  return {
    id: point.id,
    tenant_id: tenantId,
    kb_id: point.knowledgeBaseId,
    document_id: point.documentId,
    chunk_id: point.chunkId,
    position: point.position,
    text: point.text,
    metadata: point.metadata,
    filter_terms: terms,
    filter_numbers: numbers,
    dense: point.dense ? denseText(point.dense) : null,
    sparse: sparseText(point.sparse),
  }
}

export function fromRow(row: PointRow): StoredPoint {
  return {
    id: row.id,
    knowledgeBaseId: row.kb_id,
    documentId: row.document_id,
    chunkId: row.chunk_id,
    position: row.position,
    text: row.text,
    metadata: row.metadata,
  }
}

export function fromWholeRow(row: WholeRow): VectorPoint {
  return {
    ...fromRow(row),
    ...(row.dense !== null && { dense: parseDense(row.dense) }),
    sparse: parseSparse(row.sparse),
  }
}
