import type { Logger } from 'pino'
import { lockDocumentAtWork, type DocumentAtWork } from '../stores/postgres/documents.ts'
import { type JobChanges, updateJob } from '../stores/postgres/jobs.ts'
import type { ChunkDraftRow, EmbeddingGenerationRow, JobRow, JobStage } from '../stores/postgres/rows.ts'
import { inTenant, type TenantScope, type TenantTransaction } from '../stores/postgres/tenant-scope.ts'
import type { IngestionParts } from './ingestion-parts.ts'
import { Superseded } from './job-failure.ts'
import { noteProgress } from './job-stages.ts'
import type { ParsedDocument } from './parsers/parser.ts'
import type { StageResult } from './stages/stage.ts'

/** Rows that stages handle at a time, so that memory does not grow with the document. */
export const PAGE = 128

/**
 * One attempt at one ingest job: what its stages share. Every transaction of a stage goes through {@link transaction},
 * which makes sure that the job's result is still wanted.
 */
export class IngestRun {
  readonly parts: IngestionParts
  readonly scope: TenantScope
  readonly job: JobRow
  readonly signal: AbortSignal
  readonly log: Logger
  document: DocumentAtWork
  readonly generation: EmbeddingGenerationRow
  stages: readonly JobStage[]
  /** The average length that the knowledge base's vectors are weighted with; null when none has been agreed on yet. */
  weight: number | null
  /** The source of a small document, read when the attempt began. */
  source: Buffer | null
  /** What stages have worked out and nobody has written yet: it goes into the next transaction. */
  readonly pending: StageResult[] = []
  /** What the parse stage of this very attempt gave, so that the next stage need not read it back. */
  parsed: ParsedDocument | null = null
  /** All drafts, when the chunk stage of this very attempt made no more than a page of them. */
  drafts: ChunkDraftRow[] | null = null
  /** Chunks that the store stage has made searchable. */
  stored = 0
  /** Ids of points that this attempt has written, or was about to. */
  readonly writtenPoints = new Set<string>()

  constructor(
    start: Pick<
      IngestRun,
      'parts' | 'scope' | 'job' | 'signal' | 'log' | 'document' | 'generation' | 'stages' | 'weight' | 'source'
    >,
  ) {
    this.parts = start.parts
    this.scope = start.scope
    this.job = start.job
    this.signal = start.signal
    this.log = start.log
    this.document = start.document
    this.generation = start.generation
    this.stages = start.stages
    this.weight = start.weight
    this.source = start.source
  }

  /** The points of this document's knowledge base. */
  get vectors() {
    return this.scope.vectors([this.document.kb_id])
  }

  /** @throws Superseded when the document was deleted or replaced; the signal's reason when the job is no longer ours */
  async transaction<T>(work: (tenant: TenantTransaction) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted()
    return inTenant(this.parts.database, this.scope, async tenant => {
      this.document = await lockWanted(tenant, this.job)
      return work(tenant)
    })
  }

  /** Tells how far a stage is. */
  async progress(tenant: TenantTransaction, stage: string, detail: string): Promise<void> {
    this.stages = noteProgress(this.stages, stage, detail)
    await this.record(tenant, { stages: this.stages })
  }

  /** Writes what stages have worked out, in order. */
  async writePending(tenant: TenantTransaction): Promise<void> {
    for (const { commit } of this.pending) await commit(tenant)
  }

  async record(tenant: TenantTransaction, changes: JobChanges): Promise<void> {
    await tenant.control(sql => updateJob(sql, this.job.id, changes))
  }
}

/**
 * Locks the document of an ingest job. A document that is ready or failed waits for nobody: another worker has ended this
 * very job meanwhile.
 * @throws Superseded when the job is not the one that the document waits for
 */
export async function lockWanted(tenant: TenantTransaction, job: JobRow): Promise<DocumentAtWork> {
  const document = job.document_id === null ? null : await lockDocumentAtWork(tenant, job.document_id)
  if (!document) throw new Superseded('the document is gone')
  const waits = document.status === 'queued' || document.status === 'processing'
  if (!waits || document.job_id !== job.id || document.kb_deleted_at !== null)
    throw new Superseded('the document is being deleted, has new content, or is done')
  return document
}
