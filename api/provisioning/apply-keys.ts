import type { Knex } from 'knex'
import { apiKeyPrefix, hashApiKey, isApiKey, mintApiKey } from '../contract/api-key.ts'
import { expireKeys, insertKey, revokeKeys, updateKey } from '../stores/postgres/api-keys.ts'
import { knowledgeBaseIds } from '../stores/postgres/knowledge-bases.ts'
import { enterTenant, leaveTenant } from '../stores/postgres/tenant-scope.ts'
import { onTenant } from './apply-tenant.ts'
import { auditStep } from './audit.ts'
import type { DesiredApiKey } from './desired.ts'
import type { StepOf } from './steps.ts'
import type { ApplyContext, ProvisioningStores } from './stores.ts'

/**
 * The vault first: a secret without a row is registered by the next plan, whereas a row without its secret would be a
 * key that nobody has.
 */
export async function mint(stores: ProvisioningStores, step: StepOf<'mint-key'>, context: ApplyContext): Promise<void> {
  const secret = mintApiKey()
  await context.vault.write(step.key.name, secret)
  await store(stores, step, secret, context)
}

export async function register(
  stores: ProvisioningStores,
  step: StepOf<'register-key'>,
  context: ApplyContext,
): Promise<void> {
  const stored = await context.vault.read(step.key.name)
  if (stored === null || !isApiKey(stored.secret))
    throw new Error(`the secret of key ${step.key.name} was changed while it was being registered; it is looked at again`) // prettier-ignore
  await store(stores, step, stored.secret, context)
}

async function store(
  { database }: ProvisioningStores,
  step: StepOf<'mint-key' | 'register-key'>,
  secret: string,
  context: ApplyContext,
): Promise<void> {
  const { key, slug } = step
  await onTenant(database, slug, async (sql, tenant) => {
    const now = context.now()
    const row = await insertKey(sql, {
      tenant_id: tenant.id,
      name: key.name,
      prefix: apiKeyPrefix(secret),
      hash: hashApiKey(secret),
      role: key.role,
      scope_kb_ids: await scopeIds(sql, slug, key),
      managed_by: 'resource',
      created_at: now,
    })
    if (step.replaces.length > 0)
      await expireKeys(sql, step.replaces, new Date(now.getTime() + key.overlapSeconds * 1000))
    const why = step.kind === 'mint-key' ? step.why : 'it was in its place'
    const detail = { id: row.id, prefix: row.prefix, role: row.role, replaces: step.replaces, why }
    await auditStep(sql, context, { action: step.kind, target: `${slug}/${key.name}`, tenantId: tenant.id, detail })
  })
}

/** Null: all knowledge bases. */
async function scopeIds(sql: Knex.Transaction, slug: string, key: DesiredApiKey): Promise<string[] | null> {
  if (key.knowledgeBases === undefined) return null
  await enterTenant(sql, slug)
  const ids = await knowledgeBaseIds({ sql }, key.knowledgeBases)
  await leaveTenant(sql)
  const missing = key.knowledgeBases.filter(name => !ids.has(name))
  if (missing.length > 0) throw new Error(`key ${key.name} is for the knowledge bases ${missing.join(', ')}, which are gone`) // prettier-ignore
  return [...ids.values()]
}

export async function updateDeclaredKey(
  { database }: ProvisioningStores,
  step: StepOf<'update-key'>,
  context: ApplyContext,
): Promise<void> {
  await onTenant(database, step.slug, async (sql, tenant) => {
    await updateKey(sql, step.id, { role: step.key.role, scope_kb_ids: await scopeIds(sql, step.slug, step.key) })
    const detail = { id: step.id, changed: step.changed, role: step.key.role }
    await auditStep(sql, context, { action: step.kind, target: `${step.slug}/${step.key.name}`, tenantId: tenant.id, detail }) // prettier-ignore
  })
}

export async function expire(
  { database }: ProvisioningStores,
  step: StepOf<'expire-keys'>,
  context: ApplyContext,
): Promise<void> {
  await onTenant(database, step.slug, async (sql, tenant) => {
    await expireKeys(sql, step.ids, step.at)
    await auditStep(sql, context, { action: step.kind, target: step.slug, tenantId: tenant.id, detail: { ids: step.ids, at: step.at } }) // prettier-ignore
  })
}

export async function revoke(
  { database }: ProvisioningStores,
  step: StepOf<'revoke-keys'>,
  context: ApplyContext,
): Promise<void> {
  await onTenant(database, step.slug, async (sql, tenant) => {
    await revokeKeys(sql, step.ids, context.now())
    await auditStep(sql, context, { action: step.kind, target: step.slug, tenantId: tenant.id, detail: { ids: step.ids, why: step.why } }) // prettier-ignore
  })
}
