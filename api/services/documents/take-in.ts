import { resumedStages } from '../../ingestion/job-stages.ts'
import type { JobQueue } from '../../ingestion/queue.ts'
import { type JobRequest, submitJobs } from '../../ingestion/submit-jobs.ts'
import { deleteDrafts } from '../../stores/postgres/chunk-drafts.ts'
import { insertSource, replaceSource } from '../../stores/postgres/document-sources.ts'
import { insertDocument, lockMatchingDocuments, updateDocument } from '../../stores/postgres/documents.ts'
import { cancelQueuedJobs, findJob } from '../../stores/postgres/jobs.ts'
import type { DocumentRow } from '../../stores/postgres/rows.ts'
import type { TenantTransaction } from '../../stores/postgres/tenant-scope.ts'
import type { IncomingDocument } from './check-input.ts'
import { IntakePlan, type IntakeAction, type KnownDocument, type Room } from './plan-intake.ts'
import type { AcceptedDocument } from './views.ts'

export type Intake = AcceptedDocument | { readonly full: keyof Room }

/** Writes documents and their jobs in the caller's transaction; gives an outcome an input, in order. */
export async function takeIn(
  tenant: TenantTransaction,
  queue: JobQueue,
  knowledgeBaseId: string,
  inputs: readonly IncomingDocument[],
  room: Room,
): Promise<Intake[]> {
  const externalIds = inputs.map(({ externalId }) => externalId).filter(id => id !== null)
  const hashes = inputs.map(({ contentHash }) => contentHash)
  const known = await lockMatchingDocuments(tenant, knowledgeBaseId, hashes, externalIds)
  const plan = new IntakePlan(known.map(knownDocument), room)
  const outcomes: Intake[] = []
  // By document, because a later item of a request may revise what an earlier one brought.
  const jobs = new Map<string, JobRequest>()
  for (const input of inputs) {
    const action = plan.decide(input)
    if (action.kind === 'full') {
      outcomes.push({ full: action.quota })
      continue
    }
    const job = await write(tenant, knowledgeBaseId, input, action)
    if (job) jobs.set(action.document.id, job)
    outcomes.push(accepted(action, job))
  }
  await submitJobs(tenant, queue, [...jobs.values()])
  return outcomes
}

function accepted({ kind, document }: IntakeAction, job: JobRequest | null): AcceptedDocument {
  return {
    document_id: document.id,
    job_id: job?.id ?? document.jobId,
    status: job ? 'queued' : document.status,
    duplicate: kind === 'duplicate',
  }
}

async function write(
  tenant: TenantTransaction,
  knowledgeBaseId: string,
  input: IncomingDocument,
  action: IntakeAction,
): Promise<JobRequest | null> {
  switch (action.kind) {
    case 'insert':
      await insertDocument(tenant, {
        ...columns(action.document, input),
        id: action.document.id,
        kb_id: knowledgeBaseId,
      })
      await insertSource(tenant, action.document.id, input.bytes)
      return ingestJob(action.document, knowledgeBaseId)
    case 'revise':
      return revise(tenant, knowledgeBaseId, input, action.document)
    case 'duplicate':
      return action.resume ? resumeDocument(tenant, knowledgeBaseId, action.document.id, action.document.jobId) : null
  }
}

/** What was being made of the old content is dropped; what can be found of it stays until the new content is stored. */
async function revise(
  tenant: TenantTransaction,
  knowledgeBaseId: string,
  input: IncomingDocument,
  document: KnownDocument,
): Promise<JobRequest> {
  const changes = { ...columns(document, input), revision: document.revision, status: 'queued', error: null } as const
  await updateDocument(tenant, document.id, changes)
  await replaceSource(tenant, document.id, input.bytes)
  await deleteDrafts(tenant, document.id)
  await tenant.control(sql => cancelQueuedJobs(sql, { document_id: document.id }, ['ingest']))
  return ingestJob(document, knowledgeBaseId)
}

/** A failed document goes on from the stage that failed. */
export async function resumeDocument(
  tenant: TenantTransaction,
  knowledgeBaseId: string,
  documentId: string,
  failedJobId: string | null,
): Promise<JobRequest> {
  const failed = failedJobId === null ? null : await tenant.control(sql => findJob(sql, failedJobId))
  const id = crypto.randomUUID()
  await updateDocument(tenant, documentId, { status: 'queued', error: null, job_id: id })
  const stages = failed ? { stages: resumedStages(failed.stages) } : {}
  return { id, kind: 'ingest', knowledgeBaseId, documentId, ...stages }
}

function ingestJob(document: KnownDocument, knowledgeBaseId: string): JobRequest {
  const id = document.jobId ?? crypto.randomUUID()
  return { id, kind: 'ingest', knowledgeBaseId, documentId: document.id }
}

function columns(document: KnownDocument, input: IncomingDocument) {
  return {
    external_id: document.externalId,
    title: document.title,
    metadata: document.metadata,
    content_hash: document.contentHash,
    media_type: input.mediaType,
    filename: input.filename,
    size_bytes: input.bytes.length,
    job_id: document.jobId,
  }
}

function knownDocument(row: DocumentRow): KnownDocument {
  return {
    id: row.id,
    contentHash: row.content_hash,
    externalId: row.external_id,
    title: row.title,
    metadata: row.metadata,
    sizeBytes: Number(row.size_bytes),
    revision: row.revision,
    status: row.status,
    jobId: row.job_id,
  }
}
