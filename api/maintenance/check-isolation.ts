import type { Knex } from 'knex'
import type { Logger } from 'pino'
import { describeReach } from '../provisioning/isolation-reach.ts'
import { verifyIsolation } from '../provisioning/verify-isolation.ts'
import { eachTenant } from '../stores/postgres/each-tenant.ts'
import { type IsolationCheck, recordIsolationCheck } from '../stores/postgres/isolation-check.ts'
import type { TenantRow } from '../stores/postgres/rows.ts'
import type { VectorStore } from '../stores/vectors/vector-store.ts'

export interface IsolationParts {
  readonly database: Knex
  readonly vectors: VectorStore
  readonly now: () => Date
  readonly log: Logger
}

/**
 * Makes every tenant try to reach what is not its own, as the operator does, and keeps what came of it where metrics and
 * `selfrag doctor` find it. A tenant that cannot be checked stops nobody else's check.
 * @throws when not one tenant could be checked: nothing is known then, and the result before stays
 */
export async function checkIsolation(parts: IsolationParts, signal?: AbortSignal): Promise<IsolationCheck> {
  const broken: Record<string, readonly string[]> = {}
  let [tenants, unchecked] = [0, 0]
  const failures = await eachTenant(
    parts.database,
    async row => {
      const reached = await reachedBy(parts, row)
      if (reached === null) unchecked++
      else tenants++
      if (reached?.length) broken[row.slug] = reached
    },
    signal,
  )
  for (const { id, tenant, cause } of failures) parts.log.warn({ tenant_id: id, tenant, err: cause }, "the tenant's isolation could not be checked") // prettier-ignore
  unchecked += failures.length
  if (tenants === 0 && unchecked > 0) throw new Error(`the isolation of none of ${unchecked} tenants could be checked`)
  const check = { at: parts.now(), tenants, unchecked, broken }
  await recordIsolationCheck(parts.database, check)
  parts.log.info({ tenants, unchecked, broken: Object.keys(broken) }, 'isolation was checked')
  return check
}

/** Null: it cannot be checked now. */
async function reachedBy({ database, vectors, log }: IsolationParts, row: TenantRow): Promise<string[] | null> {
  const proof = await verifyIsolation({ database, vectors }, row)
  if (!proof) return null
  const reached = proof.reached.map(describeReach)
  if (reached.length > 0) log.error({ tenant_id: row.id, tenant: row.slug, reached }, 'the tenant could reach what is not its own') // prettier-ignore
  return reached
}
