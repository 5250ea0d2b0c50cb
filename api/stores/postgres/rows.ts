import type { Role } from '../../contract/api-key.ts'
import type { LegWorth } from '../../contract/leg-worth.ts'
import type { Owner } from '../../contract/ownership.ts'
import type { Quotas } from '../../contract/quotas.ts'
import type { Section } from '../../contract/section.ts'

/** The rows of the tables as the `pg` driver gives them; the migrations are the authority on what they mean. */

export type ManagedBy = 'api' | 'resource'
export type Isolation = 'Auto' | 'Shared' | 'Dedicated'

export interface TenantRow {
  id: string
  slug: string
  display_name: string
  plan: string
  status: 'active' | 'disabled'
  isolation: Isolation
  schema_name: string
  collection: string
  managed_by: ManagedBy
  owner: Owner
  quotas: Quotas
  settings: Record<string, unknown>
  released_at: Date | null
  created_at: Date
  updated_at: Date
}

export interface ApiKeyRow {
  id: string
  tenant_id: string
  name: string
  prefix: string
  hash: string
  role: Role
  scope_kb_ids: string[] | null
  /** Null: the pipeline's (RATE_LIMIT_PER_MINUTE, or the system's setting). */
  rate_limit_per_minute: number | null
  managed_by: ManagedBy
  expires_at: Date | null
  revoked_at: Date | null
  last_used_at: Date | null
  created_at: Date
}

export type JobKind = 'ingest' | 'delete-document' | 'delete-knowledge-base' | 'calibrate' | 'summarize'
export type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'

export interface JobStage {
  name: string
  status: 'pending' | 'running' | 'done' | 'failed'
  started_at?: string
  finished_at?: string
  attempts: number
  /** How often the worker ended while it was at this stage. */
  crashes?: number
  /** How far it is, or what it waits for. */
  detail?: string
}

export interface JobError {
  code: string
  message: string
  transient: boolean
}

export interface JobRow {
  id: string
  tenant_id: string
  kb_id: string
  document_id: string | null
  kind: JobKind
  status: JobStatus
  stage: string | null
  stages: JobStage[]
  attempts: number
  error: JobError | null
  created_at: Date
  updated_at: Date
  finished_at: Date | null
}

/** copying → catching-up (jobs wait) → settling (jobs wait) → clearing → done. */
export type MovePhase = 'copying' | 'catching-up' | 'settling' | 'clearing' | 'done' | 'cancelled'

export interface IsolationMoveRow {
  tenant_id: string
  source: string
  target: string
  phase: MovePhase
  phase_at: Date
  baseline: Record<string, { version: string; weight: number | null }> | null
  begun_at: Date | null
  last_point: string | null
  /** bigint: the driver gives a string. */
  copied: string | number
  total: string | number | null
  error: string | null
  held_by: string | null
  held_until: Date | null
  request_id: string | null
  created_at: Date
  finished_at: Date | null
}

export interface EmbeddingGenerationRow {
  collection: string
  alias: string
  generation: number
  fingerprint: string
  model: string | null
  dimension: number | null
  distance: string | null
  status: 'building' | 'active' | 'retired'
  created_at: Date
}

export interface KnowledgeBaseRow {
  id: string
  name: string
  description: string
  chunking: Record<string, unknown>
  retrieval: Record<string, unknown>
  settings: Record<string, unknown>
  managed_by: ManagedBy
  /** bigint: the driver gives a string. */
  version: string
  deleted_at: Date | null
  created_at: Date
  updated_at: Date
}

export interface LexicalStatisticsRow {
  kb_id: string
  chunk_count: number
  average_length: number
  weighted_with: number
  reweighing: boolean
  terms: number[]
  frequencies: number[]
  leg_worth: LegWorth | null
  updated_at: Date
}

export type DocumentStatus = 'queued' | 'processing' | 'ready' | 'failed' | 'deleting'

export interface DocumentRow {
  id: string
  kb_id: string
  external_id: string | null
  title: string
  metadata: Record<string, unknown>
  content_hash: string
  media_type: string
  filename: string | null
  /** bigint: the driver gives a string. */
  size_bytes: string
  revision: number
  status: DocumentStatus
  error: { code: string; message: string; stage: string } | null
  chunking_fingerprint: string | null
  chunk_count: number
  /** Written by the enricher `summary`. */
  summary: string | null
  job_id: string | null
  created_at: Date
  updated_at: Date
}

export interface DocumentSourceRow {
  document_id: string
  bytes: Buffer
  parsed_text: string | null
  sections: Section[] | null
}

export interface ChunkRow {
  id: string
  document_id: string
  kb_id: string
  position: number
  text: string
  start_offset: number
  end_offset: number
  metadata: Record<string, unknown>
  terms: number[]
  frequencies: number[]
  length: number
  /** What enrichers say of it; '': nothing; null: nobody was asked. */
  context: string | null
}

export interface ChunkDraftRow extends ChunkRow {
  /** float32, little endian; null before the embed stage, and in lexical mode. */
  embedding: Buffer | null
  embedded_by: string | null
}

/** A summary in the tree of a knowledge base, for the retriever `raptor`. */
export interface SummaryRow {
  id: string
  kb_id: string
  level: number
  source: string
  text: string
  chunk_ids: string[]
  embedding: Buffer
  embedded_by: string
  live: boolean
  created_at: Date
}

export interface IdempotencyKeyRow {
  key: string
  request_hash: string
  response: Record<string, unknown>
  created_at: Date
}

export interface AuditRow {
  id: string
  at: Date
  actor_type: 'api-key' | 'admin' | 'operator' | 'system' | 'anonymous'
  actor: string | null
  tenant_id: string | null
  action: string
  target: string | null
  outcome: 'success' | 'denied' | 'failure'
  request_id: string | null
  detail: Record<string, unknown>
}
