import { randomUUID } from 'node:crypto'
import type { JobQueue } from '../../ingestion/queue.ts'
import { type JobRequest, submitJobs } from '../../ingestion/submit-jobs.ts'
import { deleteDrafts } from '../../stores/postgres/chunk-drafts.ts'
import { forgetParsed } from '../../stores/postgres/document-sources.ts'
import { updateDocument } from '../../stores/postgres/documents.ts'
import type { DocumentRow } from '../../stores/postgres/rows.ts'
import type { TenantTransaction } from '../../stores/postgres/tenant-scope.ts'
import { resumeDocument } from './take-in.ts'
import type { AcceptedDocument } from './views.ts'
import { requireDocument } from './visible-document.ts'

/** @throws ApiError DOC_NOT_FOUND */
export async function reprocessDocument(
  tenant: TenantTransaction,
  queue: JobQueue,
  documentId: string,
): Promise<AcceptedDocument> {
  const document = await requireDocument(tenant, documentId, 'lock')
  const job = await nextJob(tenant, document)
  if (job) await submitJobs(tenant, queue, [job])
  return {
    document_id: document.id,
    job_id: job?.id ?? document.job_id,
    status: job ? 'queued' : document.status,
    duplicate: false,
  }
}

async function nextJob(tenant: TenantTransaction, document: DocumentRow): Promise<JobRequest | null> {
  switch (document.status) {
    case 'failed':
      return resumeDocument(tenant, document.kb_id, document.id, document.job_id)
    case 'ready':
      return startOver(tenant, document)
    case 'queued':
    case 'processing':
    case 'deleting':
      return null
  }
}

/** From the source, with today's parser, chunking and model; what is stored can be found until it is replaced. */
async function startOver(tenant: TenantTransaction, { id, kb_id }: DocumentRow): Promise<JobRequest> {
  const jobId = randomUUID()
  await forgetParsed(tenant, id)
  await deleteDrafts(tenant, id)
  await updateDocument(tenant, id, { status: 'queued', error: null, job_id: jobId })
  return { id: jobId, kind: 'ingest', knowledgeBaseId: kb_id, documentId: id }
}
