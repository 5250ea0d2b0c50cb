import { type Owner, sameOwner } from '../contract/ownership.ts'
import type { TenantRow } from '../stores/postgres/rows.ts'
import type { Plan } from './steps.ts'

/**
 * Steps for a tenant whose pipeline does not let it in any more: its keys are refused, everything else stays as it is, so
 * that the same keys work again when it is let in again (hack/adr/0011-withdrawn-permission.md). Pure.
 * @param row of the tenant's slug, whoever's it is; null when there is none
 */
export function planWithdrawal(owner: Owner, row: TenantRow | null): Plan {
  const served = row !== null && sameOwner(row.owner, owner) && row.status === 'active'
  const why = 'its pipeline takes no tenants from its namespace any more'
  const steps = served ? ([{ kind: 'disable-tenant', slug: row.slug, id: row.id, why }] as const) : []
  return { steps, obstacles: [], drift: [] }
}
