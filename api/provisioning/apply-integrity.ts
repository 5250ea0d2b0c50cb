import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../contract/names.ts'
import { controlStructure } from '../stores/postgres/migrations/control/structure.ts'
import { tenantStructure } from '../stores/postgres/migrations/tenant/structure.ts'
import { mendStructure } from '../stores/postgres/mend-structure.ts'
import { revokeGrants } from '../stores/postgres/stray-grants.ts'
import { enterTenant, leaveTenant } from '../stores/postgres/tenant-scope.ts'
import { auditStep } from './audit.ts'
import type { StepOf } from './steps.ts'
import type { ApplyContext, ProvisioningStores } from './stores.ts'

export async function mendSchema(
  { database }: ProvisioningStores,
  { kind, schema, slug, missing }: StepOf<'mend-schema'>,
  context: ApplyContext,
): Promise<void> {
  await database.transaction(async sql => {
    await asOwner(sql, slug, () => mendStructure(sql, slug === null ? controlStructure : tenantStructure, missing))
    const detail = { missing: missing.map(({ table, name }) => `${table}.${name}`) }
    await auditStep(sql, context, { action: kind, target: schema, detail })
  })
}

export async function revoke(
  { database }: ProvisioningStores,
  { kind, slug, grants }: StepOf<'revoke-grants'>,
  context: ApplyContext,
): Promise<void> {
  await database.transaction(async sql => {
    await asOwner(sql, slug, () => revokeGrants(sql, grants.filter(({ revokedBy }) => revokedBy === 'tenant')))
    await revokeGrants(sql, grants.filter(({ revokedBy }) => revokedBy === 'product'))
    const detail = { grants: grants.map(({ object, grantee, rights }) => `${rights} on ${object} of ${grantee}`) }
    await auditStep(sql, context, { action: kind, target: slug ?? CONTROL_SCHEMA, detail })
  })
} // prettier-ignore

/** As the tenant's role in its schema, or as the product's in the control schema; afterwards as the product's again. */
async function asOwner(sql: Knex.Transaction, slug: string | null, work: () => Promise<void>): Promise<void> {
  if (slug === null) await leaveTenant(sql)
  else await enterTenant(sql, slug)
  await work()
  await leaveTenant(sql)
}
