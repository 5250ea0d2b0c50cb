import type { Knex } from 'knex'
import { insertKnowledgeBase, releaseKnowledgeBases, updateKnowledgeBase } from '../stores/postgres/knowledge-bases.ts'
import { enterTenant, leaveTenant } from '../stores/postgres/tenant-scope.ts'
import { onTenant } from './apply-tenant.ts'
import { auditStep } from './audit.ts'
import { withDeclared } from './declared-settings.ts'
import type { DesiredKnowledgeBase } from './desired.ts'
import type { StepOf } from './steps.ts'
import type { ApplyContext, ProvisioningStores } from './stores.ts'

export async function createKnowledgeBase(
  stores: ProvisioningStores,
  step: StepOf<'create-knowledge-base'>,
  context: ApplyContext,
): Promise<void> {
  await change(stores, step, step.knowledgeBase.name, context, async sql => {
    await insertKnowledgeBase({ sql }, { ...columns(step.knowledgeBase), settings: withDeclared({}, step.knowledgeBase.settings) }) // prettier-ignore
  })
}

export async function updateDeclaredKnowledgeBase(
  stores: ProvisioningStores,
  step: StepOf<'update-knowledge-base'>,
  context: ApplyContext,
): Promise<void> {
  await change(stores, step, step.knowledgeBase.name, context, async sql => {
    const { knowledgeBase } = step
    await updateKnowledgeBase({ sql }, knowledgeBase.name, columns(knowledgeBase), stored => withDeclared(stored, knowledgeBase.settings)) // prettier-ignore
  })
}

export async function releaseKnowledgeBase(
  stores: ProvisioningStores,
  step: StepOf<'release-knowledge-base'>,
  context: ApplyContext,
): Promise<void> {
  await change(stores, step, step.name, context, sql => releaseKnowledgeBases({ sql }, [step.name]))
}

async function change(
  { database }: ProvisioningStores,
  step: StepOf<'create-knowledge-base' | 'update-knowledge-base' | 'release-knowledge-base'>,
  name: string,
  context: ApplyContext,
  work: (sql: Knex.Transaction) => Promise<void>,
): Promise<void> {
  await onTenant(database, step.slug, async (sql, row) => {
    await enterTenant(sql, step.slug)
    await work(sql)
    await leaveTenant(sql)
    const detail = 'changed' in step ? { changed: step.changed } : {}
    await auditStep(sql, context, { action: step.kind, target: `${step.slug}/${name}`, tenantId: row.id, detail })
  })
}

function columns({ name, description, chunking, retrieval }: DesiredKnowledgeBase) {
  return { name, description, chunking, retrieval, managed_by: 'resource' as const }
}
