import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { Quotas } from '../contract/quotas.ts'
import type { Metrics } from '../metrics.ts'
import type { TenantRow } from '../stores/postgres/rows.ts'
import { TenantScope, inTenant } from '../stores/postgres/tenant-scope.ts'
import { type TenantUsage, tenantUsage } from '../stores/postgres/tenant-usage.ts'
import { listTenants } from '../stores/postgres/tenants.ts'

/** Asking every tenant's schema costs a transaction each: often enough for an alert, seldom enough for a thousand tenants. */
const EVERY_MS = 60_000

const labels = ['tenant', 'quota'] as const

interface Known {
  readonly tenant: TenantRow
  readonly usage: TenantUsage
}

export interface QuotaSource {
  readonly database: Knex
  readonly now: () => Date
  readonly log: Logger
}

/**
 * What tenants may have and what they have, with the tenant as a label: as many series as tenants, so only where that was
 * asked for. A scrape shows what was found last and never waits.
 */
export function observeQuotas(source: QuotaSource, metrics: Metrics): void {
  let known: readonly Known[] = []
  let readAt = 0
  let reading: Promise<void> | null = null
  const refresh = () => {
    const now = source.now().getTime()
    if (reading || now - readAt < EVERY_MS) return
    readAt = now
    reading = readAll(source)
      .then(all => void (known = all))
      .catch((error: unknown) => source.log.warn({ err: error }, 'could not read what tenants use for the metrics'))
      .finally(() => (reading = null))
  }
  metrics.addGauge('tenant_quota_limit', 'What a tenant may have; unlimited ones are left out.', labels, set => {
    refresh()
    for (const { tenant } of known)
      for (const [quota, limit] of Object.entries(limitsOf(tenant.quotas)))
        if (limit !== -1) set(limit, { tenant: tenant.slug, quota })
  })
  metrics.addGauge('tenant_quota_used', 'What a tenant has of what it has quotas for.', labels, set => {
    for (const { tenant, usage } of known)
      for (const [quota, used] of Object.entries(usedOf(usage))) set(used, { tenant: tenant.slug, quota })
  })
}

/** A tenant whose schema is not there, or not yet, is left out: what is wrong with it is told elsewhere. */
async function readAll({ database, log }: QuotaSource): Promise<Known[]> {
  const known: Known[] = []
  for (const tenant of await listTenants(database))
    try {
      known.push({ tenant, usage: await inTenant(database, new TenantScope(tenant), tenantUsage) })
    } catch (error) {
      log.debug({ err: error, tenant_id: tenant.id }, 'could not read what a tenant uses')
    }
  return known
}

const MIB = 1024 * 1024

function limitsOf({ knowledgeBases, documents, storageMb }: Quotas) {
  return { knowledge_bases: knowledgeBases, documents, storage_bytes: storageMb === -1 ? -1 : storageMb * MIB }
}

function usedOf({ knowledgeBases, documents, storageBytes }: TenantUsage) {
  return { knowledge_bases: knowledgeBases, documents, storage_bytes: storageBytes }
}
