import type { Knex } from 'knex'
import { tenantSchema } from '../contract/names.ts'
import { createArchivedPoints, describeArchivedPoints, dropArchivedPoints, forgetArchivedPoints, readArchivedPoints, writeArchivedPoints } from '../stores/postgres/archived-points.ts' // prettier-ignore
import { activeGeneration } from '../stores/postgres/embedding-generations.ts'
import { schemaOwner, setSchemaComment, setSchemaOwner } from '../stores/postgres/ownership-comments.ts'
import { archiveTenantSchema, countRows, describeTenantPlace, repairTenantPlace } from '../stores/postgres/tenant-roles.ts' // prettier-ignore
import { enterTenant, leaveTenant } from '../stores/postgres/tenant-scope.ts'
import { pointId } from '../stores/vectors/point-id.ts'
import { VectorScope } from '../stores/vectors/vector-scope.ts'
import { VectorStoreUnavailable } from '../stores/vectors/vector-store.ts'
import { onTenant } from './apply-tenant.ts'
import { formatAbout } from './archive.ts'
import { auditStep } from './audit.ts'
import type { StepOf } from './steps.ts'
import { type ApplyContext, type ProvisioningStores, Unfinished } from './stores.ts'

const PAGE = 256
/** A step copies no more than this, so that no tenant, however large, keeps a worker from the others for minutes. */
const PAGES_A_STEP = 80

export async function archive(
  { database }: ProvisioningStores,
  step: StepOf<'archive-schema'>,
  context: ApplyContext,
): Promise<void> {
  const { kind, slug, tenantId } = step
  await database.transaction(async sql => {
    const place = await describeTenantPlace(sql, slug)
    await archiveTenantSchema(sql, place, step.archive)
    const rows = await countRows(sql, step.archive)
    await describeArchive(sql, step, context)
    await auditStep(sql, context, { action: kind, target: slug, tenantId, detail: { schema: step.archive, rows } })
  })
}

async function describeArchive(
  sql: Knex,
  { archive: schema, slug, owner, fingerprint }: StepOf<'archive-schema' | 'archive-points'>,
  context: ApplyContext,
): Promise<void> {
  await setSchemaComment(sql, schema, formatAbout({ slug, owner, taken_at: context.now().toISOString(), fingerprint }))
}

/**
 * Copies the tenant's points into its archive, page by page, and believes it only when there are as many as in the store.
 * One that was cut off goes on where it ended.
 * @throws Unfinished when there are more than one step may copy
 */
export async function archivePoints(
  stores: ProvisioningStores,
  step: StepOf<'archive-points'>,
  context: ApplyContext,
): Promise<void> {
  const { database, vectors } = stores
  const scope = new VectorScope(step.collection, step.tenantId, 'all')
  const wanted = await vectors.count(scope, { all: true })
  await prepareArchive(database, step, context)
  const begun = await describeArchivedPoints(database, step.archive)
  let count = await copyPoints(stores, step, begun.last, PAGES_A_STEP)
  const ended = begun.count + PAGE * PAGES_A_STEP > wanted
  // A worker that was in the middle of a document may have stored points before the ones that are here already.
  if (count < wanted && begun.last !== null && ended) count = await copyPoints(stores, step, null, Infinity)
  if (count < wanted) throw new Unfinished(`${count} of ${wanted} points are in ${step.archive}`)
  const detail = { schema: step.archive, points: count }
  await auditStep(database, context, { action: step.kind, target: step.slug, tenantId: step.tenantId, detail })
}

/** Gives how many are archived then. */
async function copyPoints(
  { database, vectors }: ProvisioningStores,
  step: StepOf<'archive-points'>,
  after: string | null,
  pages: number,
): Promise<number> {
  const scope = new VectorScope(step.collection, step.tenantId, 'all')
  for (let page = 0; page < pages; page++) {
    const points = await vectors.page(scope, { after, limit: PAGE })
    if (points.length > 0) await writeArchivedPoints(database, step.archive, points)
    if (points.length < PAGE) break
    after = points.at(-1)!.id
  }
  return (await describeArchivedPoints(database, step.archive)).count
}

/** The rows may be lost, so that there is no archive yet: the points are kept all the same. */
async function prepareArchive(database: Knex, step: StepOf<'archive-points'>, context: ApplyContext): Promise<void> {
  await database.transaction(async sql => {
    if (!(await schemaOwner(sql, step.archive)).exists) {
      await sql.raw('CREATE SCHEMA ??', [step.archive])
      await describeArchive(sql, step, context)
    }
    await createArchivedPoints(sql, step.archive)
  })
}

/** The archive becomes the tenant's schema again, with a new owner's marker; all of it, or nothing. */
export async function restoreSchema(
  { database }: ProvisioningStores,
  { kind, slug, archive: from, owner }: StepOf<'restore-schema'>,
  context: ApplyContext,
): Promise<void> {
  const schema = tenantSchema(slug)
  await database.transaction(async sql => {
    await sql.raw('ALTER SCHEMA ?? RENAME TO ??', [from, schema])
    await setSchemaOwner(sql, schema, owner)
    await repairTenantPlace(sql, slug)
    await auditStep(sql, context, { action: kind, target: schema, detail: { from, owner } })
  })
}

/**
 * Puts the points back into the tenant's collection, each page forgotten when the store has counted it, and drops the
 * table with the last one.
 * @throws Unfinished as {@link archivePoints}
 */
export async function restorePoints(
  { database, vectors }: ProvisioningStores,
  { kind, slug }: StepOf<'restore-points'>,
  context: ApplyContext,
): Promise<void> {
  const { id, collection } = await onTenant(database, slug, async (_, row) => row)
  const generation = await activeGeneration(database, collection)
  if (!generation) throw new Error(`nothing is recorded about the vectors in ${collection}`)
  const scope = new VectorScope(collection, id, 'all')
  const schema = tenantSchema(slug)
  const asTenant = <T>(work: (sql: Knex.Transaction) => Promise<T>) =>
    database.transaction(async sql => {
      await enterTenant(sql, slug)
      return work(sql)
    })
  for (let page = 0; ; page++) {
    const archived = await asTenant(sql => readArchivedPoints(sql, schema, PAGE))
    if (archived.length === 0) break
    if (page === PAGES_A_STEP) throw new Unfinished(await asTenant(sql => restoreProgress(sql, schema)))
    // The number of the generation is part of a point's id, and may be another one by now.
    const points = archived.map(point => ({ ...point, id: pointId(point.chunkId, generation.generation) }))
    await vectors.upsert(scope, points)
    const ids = points.map(point => point.id)
    const there = await vectors.count(scope, { ids })
    if (there !== ids.length) throw new VectorStoreUnavailable(`of ${ids.length} points that were put back, ${there} are there`) // prettier-ignore
    await asTenant(sql => forgetArchivedPoints(sql, schema, archived.map(point => point.id))) // prettier-ignore
  }
  const points = await vectors.count(scope, { all: true })
  await asTenant(async sql => {
    await dropArchivedPoints(sql, schema)
    await leaveTenant(sql)
    await auditStep(sql, context, { action: kind, target: slug, tenantId: id, detail: { collection, points } })
  })
}

async function restoreProgress(sql: Knex, schema: string): Promise<string> {
  const { count } = await describeArchivedPoints(sql, schema)
  return `${count} points are still to be put back`
}
