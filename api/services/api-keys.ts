import type { Knex } from 'knex'
import { type Role, apiKeyPrefix, hashApiKey, mintApiKey } from '../contract/api-key.ts'
import { ApiError } from '../contract/error-codes.ts'
import { type KeyFilter, deleteKey, expireKeys, findKey, insertKey, listKeys, revokeKeys, updateKey } from '../stores/postgres/api-keys.ts' // prettier-ignore
import { findKnowledgeBase } from '../stores/postgres/knowledge-bases.ts'
import type { ApiKeyRow, TenantRow } from '../stores/postgres/rows.ts'
import { type TenantScope, inTenant } from '../stores/postgres/tenant-scope.ts'
import { findTenant } from '../stores/postgres/tenants.ts'
import { auditChange } from './audit.ts'
import type { AuthenticationService } from './authentication.ts'
import type { Request } from './caller.ts'
import { refuseDeclared } from './declared.ts'
import type { Page, PageRequest } from './page.ts'

export interface NewKey {
  readonly name: string
  readonly role: Role
  /** Null: all knowledge bases. */
  readonly scopeKbIds: readonly string[] | null
  readonly rateLimitPerMinute: number | null
  readonly expiresAt: Date | null
}

export type KeyChanges = Partial<NewKey>

/** The secret is told once, here. */
export interface MintedKey {
  readonly row: ApiKeyRow
  readonly secret: string
}

export interface ApiKeyParts {
  readonly database: Knex
  readonly authentication: AuthenticationService
  readonly now: () => Date
}

/**
 * The keys of a tenant, inside a scope: a key that is limited to some knowledge bases sees and makes only keys that are
 * limited to no more than those. An administrator comes with the tenant's whole scope.
 */
export class ApiKeyService {
  readonly #parts: ApiKeyParts

  constructor(parts: ApiKeyParts) {
    this.#parts = parts
  }

  async list(scope: TenantScope, page: PageRequest): Promise<Page<ApiKeyRow>> {
    return listKeys(this.#parts.database, filterOf(scope), page)
  }

  /** @throws ApiError API_KEY_NOT_FOUND */
  async get(scope: TenantScope, id: string): Promise<ApiKeyRow> {
    return required(await findKey(this.#parts.database, filterOf(scope), id), id)
  }

  /** @throws ApiError KB_NOT_FOUND, VALIDATION_ERROR, FORBIDDEN (a wider scope than the caller's) */
  async create(scope: TenantScope, key: NewKey, request: Request): Promise<MintedKey> {
    this.#checkExpiry(key.expiresAt)
    return inTenant(this.#parts.database, scope, async tenant => {
      await checkScope(scope, key.scopeKbIds, id => findKnowledgeBase(tenant, id))
      return tenant.control(sql => this.#mint(sql, scope.tenantId, key, request, { action: 'create-api-key' }))
    })
  }

  /** @throws ApiError API_KEY_NOT_FOUND, CONFLICT (declared by a resource), and as create does */
  async update(scope: TenantScope, id: string, changes: KeyChanges, request: Request): Promise<ApiKeyRow> {
    if (changes.expiresAt !== undefined) this.#checkExpiry(changes.expiresAt)
    const row = await inTenant(this.#parts.database, scope, async tenant => {
      if (changes.scopeKbIds !== undefined)
        await checkScope(scope, changes.scopeKbIds, kbId => findKnowledgeBase(tenant, kbId))
      return tenant.control(async sql => {
        const key = await this.#changeable(sql, scope, id)
        if (Object.keys(changes).length === 0) return key
        await updateKey(sql, id, columns(changes))
        await audit(sql, request, 'update-api-key', key, { changed: Object.keys(changes) })
        return required(await findKey(sql, { tenantId: scope.tenantId, within: 'all' }, id), id)
      })
    })
    this.#parts.authentication.forget()
    return row
  }

  /** Ends a key for good; it stays in the list. Revoking again changes nothing. @throws as update does */
  async revoke(scope: TenantScope, id: string, request: Request): Promise<ApiKeyRow> {
    const row = await this.#parts.database.transaction(async sql => {
      const key = await this.#changeable(sql, scope, id)
      if (key.revoked_at) return key
      await revokeKeys(sql, [id], this.#parts.now())
      await audit(sql, request, 'revoke-api-key', key)
      return required(await findKey(sql, filterOf(scope), id), id)
    })
    this.#parts.authentication.forget()
    return row
  }

  /** Ends a key and removes it from the list; the audit log keeps what it did. @throws as update does */
  async remove(scope: TenantScope, id: string, request: Request): Promise<void> {
    await this.#parts.database.transaction(async sql => {
      const key = await this.#changeable(sql, scope, id)
      await deleteKey(sql, id)
      await audit(sql, request, 'delete-api-key', key)
    })
    this.#parts.authentication.forget()
  }

  /**
   * Makes a key with the same rights; the old one works for some time more, so that nobody is cut off.
   * @throws as update does; ApiError CONFLICT for a key that does not work any more
   */
  async rotate(scope: TenantScope, id: string, overlapSeconds: number, request: Request): Promise<MintedKey> {
    const { now, authentication, database } = this.#parts
    const minted = await database.transaction(async sql => {
      const key = await this.#changeable(sql, scope, id)
      if (key.revoked_at || (key.expires_at && key.expires_at <= now()))
        throw new ApiError('CONFLICT', `API key ${JSON.stringify(key.name)} is revoked or expired; create a new one`)
      await expireKeys(sql, [id], new Date(now().getTime() + overlapSeconds * 1000))
      return this.#mint(sql, scope.tenantId, rightsOf(key), request, { action: 'rotate-api-key', replaces: key.prefix })
    })
    authentication.forget()
    return minted
  }

  async #mint(
    sql: Knex.Transaction,
    tenantId: string,
    key: NewKey,
    request: Request,
    { action, ...detail }: { action: string; replaces?: string },
  ): Promise<MintedKey> {
    const secret = mintApiKey()
    const row = await insertKey(sql, {
      tenant_id: tenantId,
      prefix: apiKeyPrefix(secret),
      hash: hashApiKey(secret),
      managed_by: 'api',
      ...columns(key),
      name: key.name,
      role: key.role,
    })
    await audit(sql, request, action, row, { role: row.role, ...detail })
    return { row, secret }
  }

  async #changeable(sql: Knex.Transaction, scope: TenantScope, id: string): Promise<ApiKeyRow> {
    const key = required(await findKey(sql, filterOf(scope), id), id)
    const tenant = (await findTenant(sql, scope.tenantId)) as TenantRow
    refuseDeclared(`API key ${JSON.stringify(key.name)}`, key.managed_by, tenant)
    return key
  }

  #checkExpiry(expiresAt: Date | null): void {
    if (expiresAt && expiresAt <= this.#parts.now())
      throw new ApiError('VALIDATION_ERROR', `expires_at: ${expiresAt.toISOString()} is in the past`)
  }
}

function filterOf(scope: TenantScope): KeyFilter {
  return { tenantId: scope.tenantId, within: scope.knowledgeBaseIds }
}

function required(row: ApiKeyRow | null, id: string): ApiKeyRow {
  if (!row) throw new ApiError('API_KEY_NOT_FOUND', `API key ${JSON.stringify(id)} does not exist`)
  return row
}

/** Nobody can give away more than they have. */
async function checkScope(
  scope: TenantScope,
  wanted: readonly string[] | null,
  find: (id: string) => Promise<unknown>,
): Promise<void> {
  if (wanted === null && scope.knowledgeBaseIds !== 'all')
    throw new ApiError('FORBIDDEN', 'scope_kb_ids: must be given, as your own key is limited to some knowledge bases')
  for (const id of wanted ?? [])
    if (!(await find(id))) throw new ApiError('KB_NOT_FOUND', `knowledge base ${JSON.stringify(id)} does not exist`)
}

function columns(key: KeyChanges) {
  return {
    ...(key.name !== undefined && { name: key.name }),
    ...(key.role !== undefined && { role: key.role }),
    ...(key.scopeKbIds !== undefined && { scope_kb_ids: key.scopeKbIds && [...key.scopeKbIds] }),
    ...(key.rateLimitPerMinute !== undefined && { rate_limit_per_minute: key.rateLimitPerMinute }),
    ...(key.expiresAt !== undefined && { expires_at: key.expiresAt }),
  }
}

function rightsOf(key: ApiKeyRow): NewKey {
  return {
    name: key.name,
    role: key.role,
    scopeKbIds: key.scope_kb_ids,
    rateLimitPerMinute: key.rate_limit_per_minute,
    expiresAt: key.expires_at,
  }
}

function audit(sql: Knex, request: Request, action: string, key: ApiKeyRow, detail: Record<string, unknown> = {}) {
  return auditChange(sql, request, {
    action,
    target: key.id,
    tenantId: key.tenant_id,
    detail: { name: key.name, prefix: key.prefix, ...detail },
  })
}
