import type { ChunkRow, DocumentRow, JobRow } from '../../stores/postgres/rows.ts'
import type { ChunkView, DocumentView, JobView } from './views.ts'

/** Rows as callers see them. */
export function showDocument(row: DocumentRow): DocumentView {
  return {
    id: row.id,
    knowledge_base_id: row.kb_id,
    external_id: row.external_id,
    title: row.title || row.filename || '',
    metadata: row.metadata,
    media_type: row.media_type,
    filename: row.filename,
    size_bytes: Number(row.size_bytes),
    content_hash: row.content_hash,
    revision: row.revision,
    status: row.status,
    error: row.error,
    chunk_count: row.chunk_count,
    summary: row.summary,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

export function showChunk(row: ChunkRow): ChunkView {
  const { headings, page } = row.metadata as { headings?: readonly string[]; page?: number }
  return {
    id: row.id,
    document_id: row.document_id,
    position: row.position,
    text: row.text,
    start: row.start_offset,
    end: row.end_offset,
    headings: headings ?? [],
    page: page ?? null,
  }
}

export function showJob(row: JobRow): JobView {
  return {
    id: row.id,
    kind: row.kind,
    status: row.status,
    stage: row.stage,
    attempts: row.attempts,
    error: row.error,
    stages: row.stages,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    finished_at: row.finished_at?.toISOString() ?? null,
  }
}
