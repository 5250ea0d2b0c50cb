import type { Knex } from 'knex'
import { defaultQuotas } from '../../api/contract/quotas.ts'
import { applyPlan, type ApplyContext } from '../../api/provisioning/apply.ts'
import type {
  DesiredApiKey,
  DesiredPipeline,
  DesiredTenant,
  KeyVault,
  StoredKey,
} from '../../api/provisioning/desired.ts'
import { observePipeline } from '../../api/provisioning/observe-pipeline.ts'
import { observeTenant } from '../../api/provisioning/observe-tenant.ts'
import type { ObservedTenant } from '../../api/provisioning/observed.ts'
import { planPipeline } from '../../api/provisioning/plan-pipeline.ts'
import { planTenant } from '../../api/provisioning/plan-tenant.ts'
import type { Plan } from '../../api/provisioning/steps.ts'
import type { ProvisioningStores } from '../../api/provisioning/stores.ts'

export const CLUSTER = 'cluster-of-tests'

export function pipelineWith(prefix: string, changes: Partial<DesiredPipeline> = {}): DesiredPipeline {
  return {
    owner: { cluster: CLUSTER, uid: `pipeline-${prefix}`, name: 'RagPipeline/default/demo' },
    adopt: false,
    collectionPrefix: prefix,
    vectors: {
      space: { model: 'test-model', dimension: 4, distance: 'cosine', analyzer: '1' },
      hnsw: { m: 16, efConstruct: 100, fullScanThreshold: 10_000 },
    },
    ...changes,
  }
}

export function tenantOf(pipeline: DesiredPipeline, slug: string, changes: Partial<DesiredTenant> = {}): DesiredTenant {
  return {
    slug,
    displayName: `The ${slug}`,
    plan: 'standard',
    isolation: 'Auto',
    disabled: false,
    quotas: defaultQuotas,
    managedBy: 'resource',
    owner: { cluster: CLUSTER, uid: `uid-of-${slug}`, name: `RagTenant/default/${slug}` },
    adopt: false,
    collectionPrefix: pipeline.collectionPrefix,
    vectors: pipeline.vectors,
    knowledgeBases: [{ name: 'handbook', description: 'How we work', chunking: { chunkSize: 500 }, retrieval: {} }],
    apiKeys: [keyNamed('admin', { role: 'admin' }), keyNamed('reader', { knowledgeBases: ['handbook'] })],
    ...changes,
  }
}

export function keyNamed(name: string, changes: Partial<DesiredApiKey> = {}): DesiredApiKey {
  return { name, role: 'read', overlapSeconds: 3600, ...changes }
}

/** A vault that forgets with the process. */
export class MemoryVault implements KeyVault {
  readonly secrets = new Map<string, string>()
  /** What is asked for now; a new value wants another key. */
  rotation: string | undefined
  readonly #answered = new Map<string, string | undefined>()

  async read(keyName: string): Promise<StoredKey | null> {
    const secret = this.secrets.get(keyName)
    if (secret === undefined) return null
    return { secret, rotationAsked: this.rotation !== this.#answered.get(keyName) }
  }

  async write(keyName: string, secret: string): Promise<void> {
    this.secrets.set(keyName, secret)
    this.#answered.set(keyName, this.rotation)
  }

  async remove(keyName: string): Promise<void> {
    this.secrets.delete(keyName)
  }
}

export function contextWith(vault: KeyVault, now: () => Date = () => new Date()): ApplyContext {
  return { vault, now, actor: { type: 'operator', name: 'tests' } }
}

/** Makes a step fail after its work and before its audit row: the database refuses an actor of this type. */
export function dyingContext(context: ApplyContext): ApplyContext {
  return { ...context, actor: { type: 'nobody' as 'operator', name: null } }
}

export async function planForPipeline(stores: ProvisioningStores, desired: DesiredPipeline): Promise<Plan> {
  return planPipeline(desired, await observePipeline(stores, desired))
}

export async function planForTenant(
  stores: ProvisioningStores,
  desired: DesiredTenant,
  context: ApplyContext,
): Promise<Plan> {
  return planTenant(desired, await observeTenant(stores, desired, context.vault), context.now())
}

/** One reconciliation of a pipeline; gives the plan that was carried out. */
export async function provisionPipeline(stores: ProvisioningStores, desired: DesiredPipeline): Promise<Plan> {
  const plan = await planForPipeline(stores, desired)
  await applyPlan(stores, plan, contextWith(new MemoryVault()))
  return plan
}

/** One reconciliation of a tenant; gives the plan that was carried out. */
export async function provisionTenant(
  stores: ProvisioningStores,
  desired: DesiredTenant,
  context: ApplyContext,
): Promise<Plan> {
  const plan = await planForTenant(stores, desired, context)
  await applyPlan(stores, plan, context)
  return plan
}

export function kinds(plan: Plan): string[] {
  return plan.steps.map(step => step.kind)
}

/** What there is of a tenant without what differs from run to run: ids, times, hashes, and the slug itself. */
export function comparable(observed: ObservedTenant): unknown {
  const { row, role, schema, collection, knowledgeBases, keys, vault } = observed
  const slug = row?.slug ?? ''
  const text = JSON.stringify({
    row: row && { ...row, id: '', owner: '', created_at: '', updated_at: '' },
    role: { ...role, name: '' },
    schema: { ...schema, ownedBy: schema.ownedBy === role.name },
    collection: { ...collection, generations: collection.generations.map(one => ({ ...one, created_at: '' })) },
    knowledgeBases: knowledgeBases?.map(kb => ({ ...kb, id: '', created_at: '', updated_at: '' })),
    keys: keys.map(key => [key.name, key.role, key.scope_kb_ids?.length ?? 'all', key.expires_at]).sort(),
    vault: Object.entries(vault).map(([name, entry]) => [name, entry.state]),
  })
  return JSON.parse(text.replaceAll(slug, 'SLUG').replaceAll(slug.replaceAll('-', '_'), 'SLUG'))
}

/** Names of the tables of a schema; undefined when the schema is gone. */
export async function tablesIn(database: Knex, schema: string): Promise<string[] | undefined> {
  const { rows } = await database.raw<{ rows: { tables: string[] | null }[] }>(
    `SELECT ARRAY(SELECT relname::text FROM pg_class WHERE relnamespace = n.oid AND relkind = 'r' ORDER BY 1) AS tables
       FROM pg_namespace n WHERE nspname = ?`,
    [schema],
  )
  return rows[0]?.tables ?? undefined
}
