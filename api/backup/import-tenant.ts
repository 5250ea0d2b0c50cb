import type { Knex } from 'knex'
import { CONTROL_SCHEMA, sharedCollection, tenantSchema } from '../contract/names.ts'
import { JobQueue } from '../ingestion/queue.ts'
import { reprocessDocument } from '../services/documents/reprocess.ts'
import { copyIn } from '../stores/postgres/copy.ts'
import { migrateTenantSchema } from '../stores/postgres/migrator.ts'
import { markTenantSchema } from '../stores/postgres/tenant-roles.ts'
import type { DocumentRow, TenantRow } from '../stores/postgres/rows.ts'
import { inTenant, leaveTenant, TenantScope } from '../stores/postgres/tenant-scope.ts'
import { findTenantBySlug } from '../stores/postgres/tenants.ts'
import type { Manifest } from './manifest.ts'
import type { Place } from './places/index.ts'
import { openBackup } from './restore-backup.ts'
import { fill, filesOf, type OpenFile, RestoreRefused, restoreSchema, type RowFile } from './restore-rows.ts'
import type { BackupLog } from './take-backup.ts'

export interface ImportRun {
  readonly database: Knex
  readonly place: Place
  readonly passphrase: string | undefined
  /** Of the pipeline that the tenant comes to. */
  readonly collectionPrefix: string
  readonly log: BackupLog
}

/** Rows of the control schema that a tenant brings along, and where its id stands. Its jobs belong to the queue it left. */
const brought = { tenants: 'id', api_keys: 'tenant_id', usage: 'tenant_id' } as const

/**
 * Brings one tenant of a backup into a pipeline that may have others. It is HTTP's then (a RagTenant takes it with
 * selfrag.io/adopt); its vectors are computed again by the worker, with the pipeline's model, whatever engine it has.
 * Gives how many documents are being indexed.
 * @throws RestoreRefused when the backup has no such tenant, or the pipeline has one of that name already
 */
export async function importTenant(run: ImportRun, manifest: Manifest, slug: string): Promise<number> {
  const about = manifest.tenants.find(tenant => tenant.slug === slug)
  if (!about) throw new RestoreRefused(`backup ${manifest.name} has no tenant ${slug}; it has ${manifest.tenants.map(tenant => tenant.slug).join(', ') || 'none'}`) // prettier-ignore
  const open = await openBackup(run.place, manifest, run.passphrase)
  const tenant = await run.database.transaction(async sql => {
    if (await findTenantBySlug(sql, slug))
      throw new RestoreRefused(`the pipeline has a tenant ${slug} already; delete it first`)
    const row = await importControlRows(sql, manifest, slug, run.collectionPrefix, open)
    await restoreSchema(sql, slug, row.owner, about.migrations)
    await fill(sql, tenantSchema(slug), filesOf(manifest, slug), open)
    await sql.raw(`UPDATE knowledge_bases SET managed_by = 'api'`)
    await leaveTenant(sql)
    await markTenantSchema(sql, slug, row.owner)
    return row
  })
  await migrateTenantSchema(run.database, slug)
  return indexAgain(run, tenant)
}

async function importControlRows(
  sql: Knex.Transaction,
  manifest: Manifest,
  slug: string,
  collectionPrefix: string,
  open: OpenFile,
): Promise<TenantRow> {
  await leaveTenant(sql)
  const files = new Map(filesOf(manifest, null).map(file => [file.content.table, file]))
  let id: string | null = null
  for (const [table, column] of Object.entries(brought)) {
    const file = files.get(table)
    if (!file) continue
    await stage(sql, file, open)
    id ??= (await sql<{ id: string; slug: string }>('staged').where({ slug }).first('id'))?.id ?? null
    if (id === null) throw new RestoreRefused(`backup ${manifest.name} has no row of tenant ${slug}; use another backup`) // prettier-ignore
    const columns = file.content.columns.map(name => `"${name}"`).join(', ')
    await sql.raw(`INSERT INTO ??.?? (${columns}) SELECT ${columns} FROM staged WHERE ?? = ?`, [CONTROL_SCHEMA, table, column, id]) // prettier-ignore
    await sql.raw('DROP TABLE pg_temp.staged')
  }
  await sql('api_keys').withSchema(CONTROL_SCHEMA).where({ tenant_id: id }).update({ managed_by: 'api' })
  const [row] = await sql<TenantRow>('tenants')
    .withSchema(CONTROL_SCHEMA)
    .where({ slug })
    .update({
      collection: sharedCollection(collectionPrefix),
      isolation: 'Shared',
      managed_by: 'api',
      owner: { cluster: 'api', uid: id ?? '' },
      released_at: null,
    }) // prettier-ignore
    .returning('*')
  if (!row) throw new Error(`tenant ${slug} was imported and is not there`)
  return row
}

/** The table of all tenants, beside the real one. */
async function stage(sql: Knex.Transaction, { content, ...file }: RowFile, open: OpenFile): Promise<void> {
  await sql.raw('CREATE TEMPORARY TABLE staged (LIKE ??.??)', [CONTROL_SCHEMA, content.table])
  await copyIn(sql, { schema: 'pg_temp', table: 'staged', columns: content.columns }, await open({ ...file, content }))
}

/** Also documents that were on their way: their jobs stayed behind. */
async function indexAgain({ database, log }: ImportRun, tenant: TenantRow): Promise<number> {
  const scope = new TenantScope(tenant)
  const queue = new JobQueue({ database, log: log as never, supervise: false })
  try {
    await queue.start()
    return await inTenant(database, scope, async inside => {
      await inside.sql<DocumentRow>('documents').where({ status: 'deleting' }).delete()
      await inside.sql<DocumentRow>('documents').whereIn('status', ['queued', 'processing']).update({ status: 'ready' })
      const documents = await inside.sql<DocumentRow>('documents').where({ status: 'ready' }).pluck<string[]>('id')
      for (const id of documents) await reprocessDocument(inside, queue, id)
      return documents.length
    })
  } finally {
    await queue.stop(1000)
  }
}
