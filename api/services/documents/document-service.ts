import type { Knex } from 'knex'
import type { Logger } from 'pino'
import { validate as isUuid } from 'uuid'
import { ApiError } from '../../contract/error-codes.ts'
import type { DocumentFetcher } from '../../fetching/fetch-document.ts'
import { checkUrl, publicPart } from '../../fetching/target.ts'
import type { JobQueue } from '../../ingestion/queue.ts'
import { pageChunks } from '../../stores/postgres/chunks.ts'
import { type DocumentFilter, pageDocuments } from '../../stores/postgres/documents.ts'
import { holdKnowledgeBase } from '../../stores/postgres/knowledge-bases.ts'
import { findTenantJob } from '../../stores/postgres/jobs.ts'
import { inTenant, type TenantScope, type TenantTransaction } from '../../stores/postgres/tenant-scope.ts'
import type { Cache } from '../../stores/caches/cache.ts'
import type { VectorStore } from '../../stores/vectors/vector-store.ts'
import { auditChange } from '../audit.ts'
import type { Request } from '../caller.ts'
import type { DocumentService } from '../documents.ts'
import type { PageRequest } from '../page.ts'
import { checkFile, checkText, type IncomingDocument, refuseUnsupported } from './check-input.ts'
import { once, requestHash } from './idempotency.ts'
import type { IntakeOptions, NewFileDocument, NewRemoteDocument, NewTextDocument } from './new-document.ts'
import { quotaExceeded, remainingRoom } from './quota.ts'
import { removeDocument, removePointsNow } from './remove.ts'
import { reprocessDocument } from './reprocess.ts'
import { showChunk, showDocument, showJob } from './show.ts'
import { type Intake, takeIn } from './take-in.ts'
import type { AcceptedDocument, BatchOutcome, BatchResult, DocumentView } from './views.ts'
import { requireDocument } from './visible-document.ts'

export interface DocumentServiceParts {
  readonly database: Knex
  readonly vectors: VectorStore
  readonly queue: JobQueue
  readonly cache: Pick<Cache, 'purge'>
  readonly fetcher: DocumentFetcher
  readonly log: Logger
}

const MOST_AT_ONCE = 50

export class PostgresDocumentService implements DocumentService {
  readonly #parts: DocumentServiceParts

  constructor(parts: DocumentServiceParts) {
    this.#parts = parts
  }

  async createFromText(
    scope: TenantScope,
    knowledgeBaseId: string,
    input: NewTextDocument,
    request: Request,
    options?: IntakeOptions,
  ) {
    // prettier-ignore
    return this.#createOne(scope, knowledgeBaseId, () => checkText(input), request, options)
  }

  async createFromFile(
    scope: TenantScope,
    knowledgeBaseId: string,
    input: NewFileDocument,
    request: Request,
    options?: IntakeOptions,
  ) {
    // prettier-ignore
    requireKnowledgeBaseId(scope, knowledgeBaseId)
    await refuseUnsupported(input)
    return this.#createOne(scope, knowledgeBaseId, () => checkFile(input), request, options)
  }

  async createFromUrl(
    scope: TenantScope,
    knowledgeBaseId: string,
    { url, ...input }: NewRemoteDocument,
    request: Request,
    { signal, ...options }: IntakeOptions & { signal: AbortSignal },
  ): Promise<AcceptedDocument> {
    requireKnowledgeBaseId(scope, knowledgeBaseId)
    const target = checkUrl(url)
    // Nobody has anything fetched who may not keep it.
    await this.#within(scope, tenant => requireKnowledgeBase(tenant, knowledgeBaseId))
    const file = { ...input, ...(await this.#parts.fetcher.fetch(url, signal)) }
    await refuseUnsupported(file)
    const source_url = publicPart(target)
    const incoming = checkFile({ ...file, metadata: { source_url, ...input.metadata } })
    // By what was asked for: a page may have changed between a request and its repetition.
    const hash = requestHash('url', knowledgeBaseId, [{ url, ...input }])
    return this.#intakeOne(scope, knowledgeBaseId, incoming, hash, options, request, { source_url })
  }

  async createBatch(
    scope: TenantScope,
    knowledgeBaseId: string,
    inputs: readonly NewTextDocument[],
    request: Request,
    options: IntakeOptions = {},
  ): Promise<BatchResult> {
    requireKnowledgeBaseId(scope, knowledgeBaseId)
    if (inputs.length === 0 || inputs.length > MOST_AT_ONCE)
      throw new ApiError('VALIDATION_ERROR', `documents: 1 to ${MOST_AT_ONCE} at once, got ${inputs.length}`)
    const checked = inputs.map(input => attempt(() => checkText(input)))
    const good = checked.filter((one): one is IncomingDocument => !(one instanceof ApiError))
    const refused = checked.flatMap((one, index) => (one instanceof ApiError ? [index] : []))
    const hash = requestHash(`batch of ${inputs.length} without ${refused.join()}`, knowledgeBaseId, good)
    return this.#intake(scope, knowledgeBaseId, hash, options, request, async tenant => {
      const room = await remainingRoom(tenant)
      const outcomes = await takeIn(tenant, this.#parts.queue, knowledgeBaseId, good, room)
      const items = checked.map((one, index) =>
        batchOutcome(index, inputs[index]?.externalId ?? null, one instanceof ApiError ? one : outcomes.shift()!),
      )
      const accepted = items.filter(item => 'document_id' in item).length
      return { items, accepted, rejected: items.length - accepted }
    })
  }

  async list(scope: TenantScope, knowledgeBaseId: string, page: PageRequest, filter: DocumentFilter = {}) {
    requireKnowledgeBaseId(scope, knowledgeBaseId)
    return this.#within(scope, async tenant => {
      await requireKnowledgeBase(tenant, knowledgeBaseId)
      const found = await pageDocuments(tenant, knowledgeBaseId, page, filter)
      return { ...found, items: found.items.map(showDocument) }
    })
  }

  async get(scope: TenantScope, documentId: string) {
    return this.#within(scope, async tenant => showDocument(await requireDocument(tenant, documentId)))
  }

  async chunks(scope: TenantScope, documentId: string, page: PageRequest) {
    return this.#within(scope, async tenant => {
      await requireDocument(tenant, documentId)
      const found = await pageChunks(tenant, documentId, page)
      return { ...found, items: found.items.map(showChunk) }
    })
  }

  async status(scope: TenantScope, documentId: string) {
    return this.#within(scope, async tenant => {
      const { id, status, error, job_id } = await requireDocument(tenant, documentId)
      const job = job_id === null ? null : await tenant.control(sql => findTenantJob(sql, scope.tenantId, job_id))
      return { document_id: id, status, error, job: job && showJob(job) }
    })
  }

  async remove(
    scope: TenantScope,
    documentId: string,
    request: Request,
    check: (document: DocumentView) => void = () => undefined,
  ): Promise<AcceptedDocument> {
    const { queue } = this.#parts
    await queue.start()
    const removed = await this.#within(scope, async tenant => {
      const outcome = await removeDocument(tenant, queue, documentId, check)
      await recordChange(tenant, request, 'delete-document', documentId)
      return outcome
    })
    queue.wake()
    await removePointsNow(this.#parts, scope, removed, documentId)
    return removed.accepted
  }

  async reprocess(scope: TenantScope, documentId: string, request: Request): Promise<AcceptedDocument> {
    const { queue } = this.#parts
    await queue.start()
    const accepted = await this.#within(scope, async tenant => {
      const outcome = await reprocessDocument(tenant, queue, documentId)
      await recordChange(tenant, request, 'reprocess-document', documentId)
      return outcome
    })
    queue.wake()
    return accepted
  }

  async #createOne(
    scope: TenantScope,
    knowledgeBaseId: string,
    check: () => IncomingDocument,
    request: Request,
    options: IntakeOptions = {},
  ): Promise<AcceptedDocument> {
    // Before the content is looked at: whoever may not see a knowledge base learns nothing from what is said about it.
    requireKnowledgeBaseId(scope, knowledgeBaseId)
    const input = check()
    return this.#intakeOne(scope, knowledgeBaseId, input, requestHash('one', knowledgeBaseId, [input]), options, request) // prettier-ignore
  }

  async #intakeOne(
    scope: TenantScope,
    knowledgeBaseId: string,
    input: IncomingDocument,
    hash: string,
    options: IntakeOptions,
    request: Request,
    detail?: object,
  ): Promise<AcceptedDocument> {
    const take = async (tenant: TenantTransaction) => {
      const room = await remainingRoom(tenant)
      const [outcome] = await takeIn(tenant, this.#parts.queue, knowledgeBaseId, [input], room)
      if (!outcome || 'full' in outcome) throw quotaExceeded(outcome?.full ?? 'documents')
      return outcome
    }
    return this.#intake(scope, knowledgeBaseId, hash, options, request, take, detail)
  }

  async #intake<T extends object>(
    scope: TenantScope,
    knowledgeBaseId: string,
    hash: string,
    { idempotencyKey }: IntakeOptions,
    request: Request,
    work: (tenant: TenantTransaction) => Promise<T>,
    detail: object = {},
  ): Promise<T> {
    const { queue } = this.#parts
    await queue.start()
    const answer = await this.#within(scope, async tenant => {
      await requireKnowledgeBase(tenant, knowledgeBaseId)
      return once(tenant, idempotencyKey, hash, async () => {
        const outcome = await work(tenant)
        await recordChange(tenant, request, 'add-documents', knowledgeBaseId, detail)
        return outcome
      })
    })
    queue.wake()
    return answer
  }

  #within<T>(scope: TenantScope, work: (tenant: TenantTransaction) => Promise<T>): Promise<T> {
    return inTenant(this.#parts.database, scope, work)
  }
}

function recordChange(
  tenant: TenantTransaction,
  request: Request,
  action: string,
  target: string,
  detail: object = {},
): Promise<void> {
  const { tenantId } = tenant.scope
  return tenant.control(sql => auditChange(sql, request, { action, target, tenantId, detail: { ...detail } }))
}

function batchOutcome(index: number, externalId: string | null, outcome: ApiError | Intake): BatchOutcome {
  const place = { index, external_id: externalId }
  if (!(outcome instanceof ApiError) && 'document_id' in outcome) return { ...place, ...outcome }
  const { code, message } = outcome instanceof ApiError ? outcome : quotaExceeded(outcome.full)
  return { ...place, error: { code, detail: message } }
}

function attempt<T>(work: () => T): T | ApiError {
  try {
    return work()
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
}

function requireKnowledgeBaseId(scope: TenantScope, id: string): void {
  if (!isUuid(id) || !scope.allows(id)) throw noKnowledgeBase(id)
}

async function requireKnowledgeBase(tenant: TenantTransaction, id: string): Promise<void> {
  if (!(await holdKnowledgeBase(tenant, id))) throw noKnowledgeBase(id)
}

function noKnowledgeBase(id: string): ApiError {
  return new ApiError('KB_NOT_FOUND', `knowledge base ${JSON.stringify(id.slice(0, 100))} does not exist`)
}
