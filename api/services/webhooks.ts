import type { Knex } from 'knex'
import { ApiError } from '../contract/error-codes.ts'
import { checkUrl } from '../fetching/target.ts'
import type { TenantScope } from '../stores/postgres/tenant-scope.ts'
import { lockTenant } from '../stores/postgres/tenants.ts'
import { type WebhookDeliveryRow, insertTestDelivery, pageDeliveries } from '../stores/postgres/webhook-deliveries.ts'
import { type WebhookFields, type WebhookRow, changeWebhook, countWebhooks, deleteWebhook, findWebhook, insertWebhook, pageWebhooks } from '../stores/postgres/webhooks.ts' // prettier-ignore
import { newSecret } from '../webhooks/signature.ts'
import { auditChange } from './audit.ts'
import type { Request } from './caller.ts'
import type { Page, PageRequest } from './page.ts'

export interface WebhookParts {
  readonly database: Knex
  readonly now: () => Date
}

const MOST = 20

/** The webhooks of a tenant. Whether an address may be reached is decided when something is sent, as names change. */
export class WebhookService {
  readonly #parts: WebhookParts

  constructor(parts: WebhookParts) {
    this.#parts = parts
  }

  /** @throws ApiError FORBIDDEN: the key is limited to some knowledge bases, and events tell of all */
  async list(scope: TenantScope, page: PageRequest): Promise<Page<WebhookRow>> {
    requireWhole(scope)
    return pageWebhooks(this.#parts.database, scope.tenantId, page)
  }

  /** @throws ApiError FORBIDDEN, WEBHOOK_NOT_FOUND */
  async get(scope: TenantScope, id: string): Promise<WebhookRow> {
    requireWhole(scope)
    return required(await findWebhook(this.#parts.database, scope.tenantId, id), id)
  }

  /** The row's secret is for the caller, this once. @throws ApiError FORBIDDEN, VALIDATION_ERROR, QUOTA_EXCEEDED */
  async create(scope: TenantScope, fields: WebhookFields, request: Request): Promise<WebhookRow> {
    requireWhole(scope)
    checkUrl(fields.url)
    const { tenantId } = scope
    return this.#parts.database.transaction(async sql => {
      // Two at a time must not both take the last place.
      await lockTenant(sql, tenantId)
      if ((await countWebhooks(sql, tenantId)) >= MOST)
        throw new ApiError('QUOTA_EXCEEDED', `the tenant has ${MOST} webhooks, which is the most; delete one`)
      const row = await insertWebhook(sql, { ...fields, tenant_id: tenantId, secret: newSecret() })
      await auditChange(sql, request, {
        action: 'create-webhook',
        target: row.id,
        tenantId,
        detail: { events: row.events },
      })
      return row
    })
  }

  /** @throws ApiError FORBIDDEN, WEBHOOK_NOT_FOUND, VALIDATION_ERROR */
  async update(scope: TenantScope, id: string, changes: Partial<WebhookFields>, request: Request): Promise<WebhookRow> {
    requireWhole(scope)
    if (changes.url !== undefined) checkUrl(changes.url)
    const { tenantId } = scope
    return this.#parts.database.transaction(async sql => {
      const row = required(await changeWebhook(sql, tenantId, id, changes), id)
      await auditChange(sql, request, { action: 'update-webhook', target: id, tenantId, detail: { changed: Object.keys(changes) } }) // prettier-ignore
      return row
    })
  }

  /** @throws ApiError FORBIDDEN, WEBHOOK_NOT_FOUND */
  async remove(scope: TenantScope, id: string, request: Request): Promise<void> {
    requireWhole(scope)
    const { tenantId } = scope
    await this.#parts.database.transaction(async sql => {
      if (!(await deleteWebhook(sql, tenantId, id))) throw notFound(id)
      await auditChange(sql, request, { action: 'delete-webhook', target: id, tenantId, detail: {} })
    })
  }

  /** Queues a message of the type webhook.test. @throws ApiError FORBIDDEN, WEBHOOK_NOT_FOUND */
  async test(scope: TenantScope, id: string): Promise<WebhookDeliveryRow> {
    const { id: known } = await this.get(scope, id)
    return insertTestDelivery(this.#parts.database, known, this.#parts.now())
  }

  /** Newest first. @throws ApiError FORBIDDEN, WEBHOOK_NOT_FOUND */
  async deliveries(scope: TenantScope, id: string, page: PageRequest): Promise<Page<WebhookDeliveryRow>> {
    const { id: known } = await this.get(scope, id)
    return pageDeliveries(this.#parts.database, known, page)
  }
}

function requireWhole({ knowledgeBaseIds }: TenantScope): void {
  if (knowledgeBaseIds !== 'all')
    throw new ApiError('FORBIDDEN', 'this API key is limited to some knowledge bases, and webhooks tell of all of them')
}

function required(row: WebhookRow | null, id: string): WebhookRow {
  if (!row) throw notFound(id)
  return row
}

function notFound(id: string): ApiError {
  return new ApiError('WEBHOOK_NOT_FOUND', `webhook ${JSON.stringify(id)} does not exist`)
}
