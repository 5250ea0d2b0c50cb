import { CONTROL_SCHEMA, QUEUE_SCHEMA, VECTOR_SCHEMA } from '../contract/names.ts'
import { migrateControlSchema } from '../stores/postgres/migrator.ts'
import { setSchemaOwner } from '../stores/postgres/ownership-comments.ts'
import { removeSystemConfig, writeSystemConfig } from '../stores/postgres/system-config.ts'
import { markTenantSchema } from '../stores/postgres/tenant-roles.ts'
import { auditStep } from './audit.ts'
import { RELEASED_KEY } from './observe-pipeline.ts'
import type { StepOf } from './steps.ts'
import type { ApplyContext, ProvisioningStores } from './stores.ts'

export async function migrateControl(
  { database }: ProvisioningStores,
  step: StepOf<'migrate-control-schema'>,
  context: ApplyContext,
): Promise<void> {
  // One transaction: a schema that bears no marker would be a stranger's at the next look.
  await migrateControlSchema(database, async sql => {
    if (step.from === null) await setSchemaOwner(sql, CONTROL_SCHEMA, step.owner)
    await auditStep(sql, context, { action: step.kind, target: step.to, detail: { from: step.from } })
  })
}

export async function takeSchema(
  { database }: ProvisioningStores,
  step: StepOf<'adopt-schema'>,
  context: ApplyContext,
): Promise<void> {
  await database.transaction(async sql => {
    if (step.slug !== null) await markTenantSchema(sql, step.slug, step.owner)
    else {
      await setSchemaOwner(sql, CONTROL_SCHEMA, step.owner)
      await removeSystemConfig(sql, RELEASED_KEY)
    }
    await auditStep(sql, context, { action: step.kind, target: step.schema, detail: { owner: step.owner } })
  })
}

export async function releasePipeline(
  { database }: ProvisioningStores,
  step: StepOf<'release-pipeline'>,
  context: ApplyContext,
): Promise<void> {
  await database.transaction(async sql => {
    await writeSystemConfig(sql, RELEASED_KEY, step.owner)
    await auditStep(sql, context, { action: step.kind, target: CONTROL_SCHEMA, detail: { owner: step.owner } })
  })
}

export async function dropControlSchema({ database, vectors }: ProvisioningStores): Promise<void> {
  await database.transaction(async sql => {
    // Its collections are gone by now; what is left are the engine's own tables.
    if (vectors.engine === 'pgvector') await sql.raw('DROP SCHEMA IF EXISTS ?? CASCADE', [VECTOR_SCHEMA])
    await sql.raw('DROP SCHEMA IF EXISTS ?? CASCADE', [QUEUE_SCHEMA])
    await sql.raw('DROP SCHEMA IF EXISTS ?? CASCADE', [CONTROL_SCHEMA])
  })
}
