import type { Knex } from 'knex'
import type { AnsweringSettings } from '../contract/answering.ts'
import { type ChunkingSettings, chunkingSchema } from '../contract/chunking.ts'
import { defined } from '../contract/defined.ts'
import { ApiError } from '../contract/error-codes.ts'
import { askingLlm } from '../contract/enrichers.ts'
import { type ModelChoice, readModelChoice } from '../contract/model-reference.ts'
import type { RetrievalSettings } from '../contract/retrieval.ts'
import type { CacheOwner } from '../stores/caches/cache-store.ts'
import { databaseFault } from '../stores/postgres/database-errors.ts'
import { changeKnowledgeBase, countKnowledgeBases, findKnowledgeBase, hideKnowledgeBase, insertKnowledgeBase, listKnowledgeBases, lockKnowledgeBase } from '../stores/postgres/knowledge-bases.ts' // prettier-ignore
import type { KnowledgeBaseRow, TenantRow } from '../stores/postgres/rows.ts'
import { type TenantScope, type TenantTransaction, inTenant } from '../stores/postgres/tenant-scope.ts'
import { findTenant, lockTenant } from '../stores/postgres/tenants.ts'
import { auditChange } from './audit.ts'
import type { Request } from './caller.ts'
import { refuseDeclared } from './declared.ts'
import { type KnowledgeBaseState, knowledgeBaseStates } from './knowledge-base-state.ts'
import type { KnowledgeBaseDirectory } from './knowledge-base-directory.ts'
import type { Page, PageRequest } from './page.ts'
import type { RequestModels } from './request-models.ts'

export interface NewKnowledgeBase {
  readonly name: string
  readonly description: string
  /** What is left out is the pipeline's, also after that changes. */
  readonly chunking: Partial<ChunkingSettings>
  readonly retrieval: Partial<RetrievalSettings>
  readonly answering: AnsweringSettings
  /** What is left out is the tenant's. */
  readonly models: ModelChoice
}

/** Looks at a knowledge base that is about to be changed, while nobody else changes it; throws when it is not to be. */
export type Check = (row: KnowledgeBaseRow) => void

export interface KnowledgeBaseParts {
  readonly database: Knex
  /** The pipeline's, to judge a knowledge base's own settings with. */
  readonly chunking: ChunkingSettings
  /** Characters that the embedding model reads. */
  readonly longestChunk: number
  /** Says whether there is an LLM for its documents. */
  readonly models: Pick<RequestModels, 'resolve'>
  /** Told when a tenant's knowledge bases change. */
  readonly directory: Pick<KnowledgeBaseDirectory, 'invalidate'>
  readonly deletion: KnowledgeBaseDeletion
  readonly summaries: KnowledgeBaseSummaries
}

/** Has a knowledge base's tree of summaries made, or taken away, in the background. */
export interface KnowledgeBaseSummaries {
  /** Before the transaction. */
  prepare(): Promise<void>
  /** In the transaction that changes how it is searched. */
  enqueue(tenant: TenantTransaction, knowledgeBaseId: string): Promise<void>
}

/** Has a hidden knowledge base's documents, vectors and rows deleted in the background. */
export interface KnowledgeBaseDeletion {
  /** Before the transaction. */
  prepare(): Promise<void>
  /** In the transaction that hides it, so that none is hidden and kept. */
  enqueue(tenant: TenantTransaction, knowledgeBaseId: string): Promise<void>
  committed(): void
  /** Forgets what was made of it, in this process at once; the job makes sure. */
  forget(owner: CacheOwner): Promise<unknown>
}

/** The knowledge bases of a scope. What is outside of it does not exist. */
export class KnowledgeBaseService {
  readonly #parts: KnowledgeBaseParts

  constructor(parts: KnowledgeBaseParts) {
    this.#parts = parts
  }

  /** Ordered by name. */
  async list(scope: TenantScope, page: PageRequest): Promise<Page<KnowledgeBaseRow>> {
    return inTenant(this.#parts.database, scope, tenant => listKnowledgeBases(tenant, page))
  }

  /** @throws ApiError KB_NOT_FOUND */
  async get(scope: TenantScope, id: string): Promise<KnowledgeBaseRow> {
    return required(await inTenant(this.#parts.database, scope, tenant => findKnowledgeBase(tenant, id)), id)
  }

  /** What has become of them, by id. */
  async states(
    scope: TenantScope,
    rows: readonly KnowledgeBaseRow[],
  ): Promise<ReadonlyMap<string, KnowledgeBaseState>> {
    const { database, chunking: pipeline, longestChunk: longest } = this.#parts
    return inTenant(database, scope, tenant => knowledgeBaseStates(tenant, rows, { pipeline, longest }))
  }

  /** @throws ApiError CONFLICT (the name is taken), QUOTA_EXCEEDED, FORBIDDEN (the key is limited), VALIDATION_ERROR */
  async create(scope: TenantScope, input: NewKnowledgeBase, request: Request): Promise<KnowledgeBaseRow> {
    this.#checkChunking(input.chunking)
    await this.#checkEnrichers(scope, input)
    // It would make one that it could not see.
    if (scope.knowledgeBaseIds !== 'all')
      throw new ApiError('FORBIDDEN', 'this API key is limited to some knowledge bases and cannot make new ones')
    const row = await inTenant(this.#parts.database, scope, async tenant => {
      // Locks the tenant until the end, so that two requests cannot both take the last place.
      const { quotas } = await tenant.control(sql => lockedTenant(sql, scope))
      await checkQuota(quotas.knowledgeBases, tenant)
      const { answering, models, ...columns } = input
      const id = await insertKnowledgeBase(tenant, { ...columns, settings: { answering, models }, managed_by: 'api' })
      if (!id) throw nameTaken(input.name)
      await audit(tenant, request, 'create-knowledge-base', id, { name: input.name })
      return required(await findKnowledgeBase(tenant, id), id)
    })
    this.#parts.directory.invalidate(scope.tenantId)
    return row
  }

  /**
   * Settings that are given replace all settings of their kind. Documents keep the chunks they have until they are
   * processed again.
   * @throws ApiError KB_NOT_FOUND, CONFLICT (declared by a resource; the name is taken), VALIDATION_ERROR
   */
  async update(
    scope: TenantScope,
    id: string,
    changes: Partial<NewKnowledgeBase>,
    request: Request,
    check: Check = () => undefined,
  ): Promise<KnowledgeBaseRow> {
    this.#checkChunking(changes.chunking ?? {})
    if (changes.chunking ?? changes.models)
      await this.#checkEnrichers(scope, { ...(await this.#settings(scope, id)), ...defined(changes) })
    const { summaries } = this.#parts
    if (changes.retrieval) await summaries.prepare()
    try {
      const row = await inTenant(this.#parts.database, scope, async tenant => {
        const known = await changeable(tenant, id)
        check(known)
        if (Object.keys(changes).length === 0) return known
        const { answering, models, ...columns } = changes
        const settings = { ...known.settings, ...defined({ answering, models }) }
        const changed = await changeKnowledgeBase(tenant, id, { ...columns, settings })
        if (changes.retrieval) await summaries.enqueue(tenant, id)
        await audit(tenant, request, 'update-knowledge-base', id, { changed: Object.keys(changes) })
        return changed
      })
      this.#parts.directory.invalidate(scope.tenantId)
      return row
    } catch (error) {
      throw databaseFault(error) === 'conflict' ? nameTaken(changes.name ?? '') : error
    }
  }

  /**
   * Invisible when it resolves; documents, vectors and rows go in the background.
   * @throws ApiError KB_NOT_FOUND, CONFLICT (declared by a resource)
   */
  async remove(scope: TenantScope, id: string, request: Request, check: Check = () => undefined): Promise<void> {
    const { database, deletion, directory } = this.#parts
    await deletion.prepare()
    await inTenant(database, scope, async tenant => {
      const row = await changeable(tenant, id)
      check(row)
      await hideKnowledgeBase(tenant, id)
      await deletion.enqueue(tenant, id)
      await audit(tenant, request, 'delete-knowledge-base', id, { name: row.name })
    })
    directory.invalidate(scope.tenantId)
    deletion.committed()
    await deletion.forget({ tenantId: scope.tenantId, knowledgeBaseId: id }).catch(() => undefined)
  }

  async #settings(scope: TenantScope, id: string): Promise<Pick<NewKnowledgeBase, 'chunking' | 'models'>> {
    const row = await this.get(scope, id)
    return { chunking: row.chunking, models: readModelChoice(row.settings) }
  }

  /** Documents of a knowledge base that asks nobody would all fail. Before the transaction, for it may read the system's settings. */
  async #checkEnrichers(
    scope: TenantScope,
    { chunking, models }: Pick<NewKnowledgeBase, 'chunking' | 'models'>,
  ): Promise<void> {
    const { enrichers } = { ...this.#parts.chunking, ...chunking }
    const asking = askingLlm(enrichers)
    if (asking.length === 0 || (await this.#parts.models.resolve(scope, [{ models }])).llm) return
    throw new ApiError(
      'KB_CONFIG_ERROR',
      `chunking.enrichers: ${asking.join(' and ')} ask an LLM, and this knowledge base has none; choose one as models.llm, have LLM_PROVIDER set, or leave them out`,
    )
  }

  /** A knowledge base may say only half of it; the whole that results must make sense. */
  #checkChunking(own: Partial<ChunkingSettings>): void {
    const { chunkSize, chunkOverlap } = { ...this.#parts.chunking, ...own }
    if (chunkingSchema.safeParse({ ...this.#parts.chunking, ...own }).success) return
    throw new ApiError(
      'VALIDATION_ERROR',
      `chunking.chunk_overlap: is ${chunkOverlap} and must be at most half of chunk_size, which is ${chunkSize}`,
    )
  }
}

async function changeable(tenant: TenantTransaction, id: string): Promise<KnowledgeBaseRow> {
  const row = required(await lockKnowledgeBase(tenant, id), id)
  const owner = (await tenant.control(sql => findTenant(sql, tenant.scope.tenantId))) as TenantRow
  refuseDeclared(`knowledge base ${JSON.stringify(row.name)}`, row.managed_by, owner)
  return row
}

async function lockedTenant(sql: Knex.Transaction, scope: TenantScope): Promise<TenantRow> {
  const row = await lockTenant(sql, scope.tenantId)
  if (!row) throw new ApiError('INVALID_API_KEY', 'the tenant of this API key was deleted')
  return row
}

async function checkQuota(most: number, tenant: TenantTransaction): Promise<void> {
  if (most < 0) return
  const count = await countKnowledgeBases(tenant)
  if (count < most) return
  throw new ApiError(
    'QUOTA_EXCEEDED',
    `the tenant has ${count} of at most ${most} knowledge bases; delete one, or have the quota raised`,
  )
}

function audit(
  tenant: TenantTransaction,
  request: Request,
  action: string,
  target: string,
  detail: Record<string, unknown>,
): Promise<void> {
  const { tenantId } = tenant.scope
  return tenant.control(sql => auditChange(sql, request, { action, target, tenantId, detail }))
}

function required(row: KnowledgeBaseRow | null, id: string): KnowledgeBaseRow {
  if (!row) throw new ApiError('KB_NOT_FOUND', `knowledge base ${JSON.stringify(id)} does not exist`)
  return row
}

function nameTaken(name: string): ApiError {
  return new ApiError('CONFLICT', `there is a knowledge base with the name ${JSON.stringify(name)} already`)
}
