import type { DocumentStatus, JobStage, JobStatus } from '../../stores/postgres/rows.ts'

/** What callers are shown of documents: plain JSON in the API's spelling. Dates are RFC 3339 in UTC. */

/** A document was taken in and will be worked on. */
export interface AcceptedDocument {
  readonly document_id: string
  /** The work that brings it to `ready`; null when nothing is left to do. */
  readonly job_id: string | null
  readonly status: DocumentStatus
  /** The knowledge base had this content before: the answer tells about that document and nothing was added. */
  readonly duplicate: boolean
}

/** One item of a batch: taken in, or refused for a reason of its own. `index` is its place in the request. */
export type BatchOutcome =
  | ({ readonly index: number; readonly external_id: string | null } & AcceptedDocument)
  | {
      readonly index: number
      readonly external_id: string | null
      readonly error: { readonly code: string; readonly detail: string }
    }

export interface BatchResult {
  readonly items: readonly BatchOutcome[]
  readonly accepted: number
  readonly rejected: number
}

export interface DocumentError {
  readonly code: string
  readonly message: string
  /** The stage that failed: parse, chunk, enrich, embed, store. */
  readonly stage: string
}

export interface DocumentView {
  readonly id: string
  readonly knowledge_base_id: string
  readonly external_id: string | null
  readonly title: string
  readonly metadata: Readonly<Record<string, unknown>>
  readonly media_type: string
  readonly filename: string | null
  readonly size_bytes: number
  /** SHA-256 of the source, in hex. */
  readonly content_hash: string
  readonly revision: number
  readonly status: DocumentStatus
  readonly error: DocumentError | null
  readonly chunk_count: number
  /** Written by an LLM, where the knowledge base asks for it. */
  readonly summary: string | null
  readonly created_at: string
  readonly updated_at: string
}

export interface ChunkView {
  readonly id: string
  readonly document_id: string
  readonly position: number
  readonly text: string
  /** Offsets into the parsed text, in UTF-16 code units: `text` is what stands between them. */
  readonly start: number
  readonly end: number
  readonly headings: readonly string[]
  readonly page: number | null
}

export interface DocumentStatusView {
  readonly document_id: string
  readonly status: DocumentStatus
  readonly error: DocumentError | null
  readonly job: JobView | null
}

/** One piece of work, stage by stage. */
export interface JobView {
  readonly id: string
  readonly kind: string
  readonly status: JobStatus
  readonly stage: string | null
  readonly attempts: number
  /** Why it waits for another attempt, or why it failed. */
  readonly error: { readonly code: string; readonly message: string; readonly transient: boolean } | null
  readonly stages: readonly JobStage[]
  readonly created_at: string
  readonly updated_at: string
  readonly finished_at: string | null
}
