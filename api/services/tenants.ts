import { randomUUID } from 'node:crypto'
import { ApiError } from '../contract/error-codes.ts'
import type { AnsweringSettings } from '../contract/answering.ts'
import { defined } from '../contract/defined.ts'
import type { ModelChoice } from '../contract/model-reference.ts'
import { isSlug } from '../contract/names.ts'
import { type Quotas, quotasSchema } from '../contract/quotas.ts'
import { UpgradeUnderWay } from '../provisioning/apply-tenant.ts'
import { applyPlan } from '../provisioning/apply.ts'
import { type DesiredPipeline, type DesiredTenant, noVault } from '../provisioning/desired.ts'
import { isUnderWay } from '../provisioning/moving/under-way.ts'
import { observeTenantRemoval } from '../provisioning/observe-removal.ts'
import { observeTenant } from '../provisioning/observe-tenant.ts'
import { planTenantRemoval } from '../provisioning/plan-removal.ts'
import { planTenant } from '../provisioning/plan-tenant.ts'
import { type Actor, type ProvisioningStores, Unfinished } from '../provisioning/stores.ts'
import type { Cache } from '../stores/caches/cache.ts'
import { findMove } from '../stores/postgres/isolation-moves.ts'
import type { Isolation, IsolationMoveRow, TenantRow } from '../stores/postgres/rows.ts'
import { TenantScope, inTenant } from '../stores/postgres/tenant-scope.ts'
import { type TenantUsage, tenantUsage } from '../stores/postgres/tenant-usage.ts'
import { findTenant, findTenantBySlug, lockTenant, pageOfTenants, updateTenant } from '../stores/postgres/tenants.ts'
import type { ApiKeyService, MintedKey } from './api-keys.ts'
import { auditChange } from './audit.ts'
import type { AuthenticationService } from './authentication.ts'
import type { Request } from './caller.ts'
import { refuseDeclared } from './declared.ts'
import type { Page, PageRequest } from './page.ts'
import { API_CLUSTER } from './pipeline-settings.ts'
import { preparePipeline } from './pipeline-preparation.ts'
import { slugOf } from './slug.ts'
import type { SystemConfigService } from './system-config.ts'

export interface NewTenant {
  readonly name: string
  readonly slug?: string | undefined
  readonly plan: string
  readonly isolation: Isolation
  /** What is left out is the system's. */
  readonly quotas: Partial<Quotas>
}

export interface CreatedTenant {
  readonly tenant: TenantRow
  readonly key: MintedKey
}

export interface TenantChanges {
  readonly name?: string | undefined
  readonly plan?: string | undefined
  /** What is left out stays. */
  readonly quotas?: Partial<Quotas> | undefined
  /** Replaces all of its choice. */
  readonly models?: ModelChoice | undefined
  /** Replaces all of what was set. */
  readonly answering?: AnsweringSettings | undefined
}

export interface TenantParts {
  readonly stores: ProvisioningStores
  readonly cache: Pick<Cache, 'purge'>
  /** What collections look like, and a pipeline to prepare where no operator does. */
  readonly pipeline: DesiredPipeline
  readonly apiKeys: ApiKeyService
  readonly authentication: AuthenticationService
  readonly systemConfig: SystemConfigService
  readonly now: () => Date
}

/** Tenants as administrators see them. Making one uses the same plan as the operator, with `managed_by: api`. */
export class TenantService {
  readonly #parts: TenantParts
  /** Two requests for one slug take turns, so that the second finds what the first made. */
  readonly #creating = new Map<string, Promise<CreatedTenant>>()

  constructor(parts: TenantParts) {
    this.#parts = parts
  }

  /**
   * Makes schema, role, place for vectors, and a first key of the role admin. A request that failed half-way can be
   * repeated.
   * @throws ApiError CONFLICT (the slug is taken), VALIDATION_ERROR (no slug), KB_CONFIG_ERROR (the pipeline is not ready)
   */
  async create(input: NewTenant, request: Request): Promise<CreatedTenant> {
    const slug = input.slug ?? slugOf(input.name)
    if (!isSlug(slug))
      throw new ApiError('VALIDATION_ERROR', `slug: must be lower-case letters, digits and inner hyphens, at most 48, beginning with a letter, got ${JSON.stringify(slug.slice(0, 64))}`) // prettier-ignore
    const previous = this.#creating.get(slug) ?? Promise.resolve()
    const creation = previous.catch(() => undefined).then(() => this.#create(slug, input, request))
    this.#creating.set(slug, creation)
    try {
      return await creation
    } finally {
      if (this.#creating.get(slug) === creation) this.#creating.delete(slug)
    }
  }

  async #create(slug: string, input: NewTenant, request: Request): Promise<CreatedTenant> {
    const { stores, now, apiKeys } = this.#parts
    const actor = actorOf(request)
    await preparePipeline(stores, this.#parts.pipeline, actor, now)
    const desired = await this.#desired(slug, input)
    const observed = await observeTenant(stores, desired, noVault)
    if (observed.row) throw slugTaken(slug)
    const plan = planTenant(desired, observed, now())
    const [obstacle] = plan.obstacles
    if (obstacle) throw new ApiError(obstacle.reason === 'Conflict' ? 'CONFLICT' : 'KB_CONFIG_ERROR', obstacle.message)
    try {
      await applyPlan(stores, plan, { vault: noVault, now, actor })
    } catch (error) {
      // Another replica, or the operator, made the same slug meanwhile.
      const winner = await findTenantBySlug(stores.database, slug)
      if (winner && winner.id !== desired.id) throw slugTaken(slug, error)
      throw error instanceof UpgradeUnderWay ? new ApiError('UPSTREAM_ERROR', error.message, { cause: error }) : error
    }
    const tenant = await this.get(desired.id)
    const key = await apiKeys.create(wholeScope(tenant), firstKey, request)
    return { tenant, key }
  }

  /** Ordered by slug. */
  async list(page: PageRequest): Promise<Page<TenantRow>> {
    return pageOfTenants(this.#parts.stores.database, page)
  }

  /** @throws ApiError TENANT_NOT_FOUND */
  async get(id: string): Promise<TenantRow> {
    return required(await findTenant(this.#parts.stores.database, id), id)
  }

  /** @throws ApiError TENANT_NOT_FOUND */
  async scope(id: string): Promise<TenantScope> {
    return wholeScope(await this.get(id))
  }

  async usage(tenant: TenantRow): Promise<TenantUsage> {
    return inTenant(this.#parts.stores.database, wholeScope(tenant), tenantUsage)
  }

  /** @throws ApiError TENANT_NOT_FOUND, CONFLICT (declared by a resource) */
  async update(id: string, changes: TenantChanges, request: Request): Promise<TenantRow> {
    return this.#change(id, request, 'update-tenant', row => ({
      ...(changes.name !== undefined && { display_name: changes.name }),
      ...(changes.plan !== undefined && { plan: changes.plan }),
      ...(changes.quotas !== undefined && { quotas: { ...row.quotas, ...changes.quotas } }),
      ...((changes.models ?? changes.answering) && {
        settings: { ...row.settings, ...defined({ models: changes.models, answering: changes.answering }) },
      }),
    }))
  }

  /** Its keys are refused within 5 s; data and jobs stay. @throws as update does */
  async disable(id: string, request: Request): Promise<TenantRow> {
    return this.#change(id, request, 'disable-tenant', () => ({ status: 'disabled' }))
  }

  /** @throws as update does */
  async enable(id: string, request: Request): Promise<TenantRow> {
    return this.#change(id, request, 'enable-tenant', () => ({ status: 'active', released_at: null }))
  }

  /** The tenant's last move between collections; null when it never had one. @throws ApiError TENANT_NOT_FOUND */
  async move(id: string): Promise<IsolationMoveRow | null> {
    await this.get(id)
    return findMove(this.#parts.stores.database, id)
  }

  /**
   * Has the tenant's vectors moved to where `isolation` says, while it is served; a worker carries it out. `Auto` leaves them
   * where they are. Asking again for what is under way changes nothing.
   * @throws ApiError TENANT_NOT_FOUND, CONFLICT (declared by a resource; another move is under way), KB_CONFIG_ERROR
   */
  async isolate(id: string, isolation: Isolation, request: Request): Promise<TenantRow> {
    const { stores, now, pipeline, authentication } = this.#parts
    const row = await this.get(id)
    refuseDeclared(`tenant ${row.slug}`, row.managed_by, row)
    const desired = { ...desiredOf(row, pipeline), isolation }
    const observed = await observeTenant(stores, desired, noVault)
    const { move, destination } = observed
    if (move && isUnderWay(move) && move.target !== (destination ?? observed.collection).alias)
      throw new ApiError('CONFLICT', `tenant ${row.slug} is being moved to ${move.target}; wait until that is done`)
    const plan = planTenant(desired, observed, now())
    const [obstacle] = plan.obstacles
    if (obstacle) throw new ApiError(obstacle.reason === 'Conflict' ? 'CONFLICT' : 'KB_CONFIG_ERROR', obstacle.message)
    await applyPlan(stores, plan, { vault: noVault, now, actor: actorOf(request) })
    authentication.forget()
    return this.get(id)
  }

  /**
   * Deletes the tenant with everything it has: keys, schema, role, vectors. Gives what was erased. A request that failed
   * half-way can be repeated.
   * @throws ApiError TENANT_NOT_FOUND, CONFLICT (declared by a resource)
   */
  async remove(id: string, request: Request): Promise<{ rows: number; points: number }> {
    const { stores, cache, now, authentication, pipeline } = this.#parts
    const tenant = await this.get(id)
    refuseDeclared(`tenant ${tenant.slug}`, tenant.managed_by, tenant)
    const removal = {
      slug: tenant.slug,
      owner: tenant.owner,
      policy: 'Delete',
      collectionPrefix: pipeline.collectionPrefix,
      keyNames: [],
    } as const
    const observed = await observeTenantRemoval(stores, removal, noVault)
    const plan = planTenantRemoval(removal, observed)
    try {
      const { rows, points } = await applyPlan(stores, plan, { vault: noVault, now, actor: actorOf(request) })
      return { rows, points }
    } catch (error) {
      throw error instanceof Unfinished ? new ApiError('UPSTREAM_ERROR', error.message, { cause: error }) : error
    } finally {
      authentication.forget()
      // No key reads it any more; what cannot be removed now is the sweeper's (cache-sweeper.ts).
      await cache.purge({ tenantId: id }).catch(() => undefined)
    }
  }

  async #change(
    id: string,
    request: Request,
    action: string,
    decide: (row: TenantRow) => Parameters<typeof updateTenant>[2],
  ): Promise<TenantRow> {
    const changed = await this.#parts.stores.database.transaction(async sql => {
      const row = required(await lockTenant(sql, id), id)
      refuseDeclared(`tenant ${row.slug}`, row.managed_by, row)
      const changes = decide(row)
      await auditChange(sql, request, { action, target: row.slug, tenantId: id, detail: { changed: Object.keys(changes) } }) // prettier-ignore
      return required(await updateTenant(sql, id, changes), id)
    })
    this.#parts.authentication.forget()
    return changed
  }

  async #desired(slug: string, input: NewTenant): Promise<DesiredTenant & { readonly id: string }> {
    const { pipeline, systemConfig } = this.#parts
    const quotas = quotasSchema.parse({ ...(await systemConfig.current()).quotas, ...input.quotas })
    const desired = (id: string) => ({
      id,
      slug,
      displayName: input.name,
      plan: input.plan,
      isolation: input.isolation,
      disabled: false,
      quotas,
      owner: { cluster: API_CLUSTER, uid: id, name: `tenant ${slug}` },
      ...madeOverHttp(pipeline),
    })
    // An earlier request may have made the schema, which bears its id, and have been cut off before the row.
    const left = (await observeTenant(this.#parts.stores, desired(randomUUID()), noVault)).schema.marker
    return desired(left?.cluster === API_CLUSTER ? left.uid : randomUUID())
  }
}

function madeOverHttp({ collectionPrefix, vectors }: DesiredPipeline) {
  return { managedBy: 'api', adopt: false, collectionPrefix, vectors, knowledgeBases: [], apiKeys: [] } as const
}

/** A tenant as it is, as something to be desired. */
function desiredOf(row: TenantRow, pipeline: DesiredPipeline): DesiredTenant {
  const { id, slug, plan, isolation, quotas, owner } = row
  const state = { displayName: row.display_name, disabled: row.status === 'disabled' }
  return { id, slug, plan, isolation, quotas, owner, ...state, ...madeOverHttp(pipeline) }
}

const firstKey = { name: 'admin', role: 'admin', scopeKbIds: null, rateLimitPerMinute: null, expiresAt: null } as const

function wholeScope(tenant: TenantRow): TenantScope {
  return new TenantScope(tenant)
}

function actorOf({ requestId }: Request): Actor {
  return { type: 'admin', name: null, requestId }
}

function required(row: TenantRow | null, id: string): TenantRow {
  if (!row) throw new ApiError('TENANT_NOT_FOUND', `tenant ${JSON.stringify(id)} does not exist`)
  return row
}

function slugTaken(slug: string, cause?: unknown): ApiError {
  return new ApiError('CONFLICT', `there is a tenant with the slug ${slug} already; choose another name or slug`, { cause }) // prettier-ignore
}
