import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { JobQueue } from '../../ingestion/queue.ts'
import { submitJobs } from '../../ingestion/submit-jobs.ts'
import { updateDocument } from '../../stores/postgres/documents.ts'
import { bumpKnowledgeBase } from '../../stores/postgres/knowledge-bases.ts'
import { unfinishedMove } from '../../stores/postgres/isolation-moves.ts'
import { cancelQueuedJobs } from '../../stores/postgres/jobs.ts'
import type { Cache } from '../../stores/caches/cache.ts'
import type { TenantScope, TenantTransaction } from '../../stores/postgres/tenant-scope.ts'
import { VectorScope } from '../../stores/vectors/vector-scope.ts'
import type { VectorStore } from '../../stores/vectors/vector-store.ts'
import { showDocument } from './show.ts'
import type { AcceptedDocument, DocumentView } from './views.ts'
import { requireDocument } from './visible-document.ts'

export interface Removed {
  readonly accepted: AcceptedDocument
  readonly knowledgeBaseId: string
  /** Where its points may be. */
  readonly places: readonly VectorScope[]
}

/** Marks a document as deleting and queues the rest. Its content and external id are free at once for a new document. */
export async function removeDocument(
  tenant: TenantTransaction,
  queue: JobQueue,
  documentId: string,
  check: (document: DocumentView) => void,
): Promise<Removed> {
  const row = await requireDocument(tenant, documentId, 'lock')
  check(showDocument(row))
  const { id, kb_id: knowledgeBaseId } = row
  const jobId = randomUUID()
  await updateDocument(tenant, id, {
    status: 'deleting',
    job_id: jobId,
    external_id: null,
    content_hash: `deleted:${id}`,
  })
  await tenant.control(sql => cancelQueuedJobs(sql, { document_id: id }, ['ingest']))
  await submitJobs(tenant, queue, [{ id: jobId, kind: 'delete-document', knowledgeBaseId, documentId: id }])
  await bumpKnowledgeBase(tenant, knowledgeBaseId)
  return {
    accepted: { document_id: id, job_id: jobId, status: 'deleting', duplicate: false },
    knowledgeBaseId,
    places: await placesOf(tenant, knowledgeBaseId),
  }
}

/** Where the document's points may be: in both places while the tenant is being moved. */
async function placesOf({ scope, control }: TenantTransaction, knowledgeBaseId: string): Promise<VectorScope[]> {
  const move = await control(sql => unfinishedMove(sql, scope.tenantId))
  const collections = new Set([scope.collection, ...(move ? [move.source, move.target] : [])])
  return [...collections].map(collection => new VectorScope(collection, scope.tenantId, [knowledgeBaseId]))
}

const PATIENCE_MS = 2_000

/**
 * Takes a deleted document out of searches before the caller is answered, if the vector store is quick enough. The job
 * does it again and makes sure, so a failure here is only a delay.
 */
export async function removePointsNow(
  { vectors, cache, log }: { vectors: VectorStore; cache: Pick<Cache, 'purge'>; log: Logger },
  { tenantId }: TenantScope,
  { knowledgeBaseId, places }: Pick<Removed, 'knowledgeBaseId' | 'places'>,
  documentId: string,
): Promise<void> {
  const remove = async () => {
    await Promise.all(places.map(place => vectors.delete(place, { documentId })))
    // Nobody is answered from it any more, as the version was raised; but it would lie there for a while.
    await cache.purge({ tenantId, knowledgeBaseId })
  }
  const removal = remove().catch((error: unknown) => {
    log.warn({ err: error, document_id: documentId }, 'points of a deleted document stay until the job removes them')
  })
  await Promise.race([removal, wait(PATIENCE_MS, undefined, { ref: false })])
}
