import type { Knex } from 'knex'
import { CONTROL_SCHEMA, tenantSchema, VECTOR_SCHEMA } from '../contract/names.ts'
import { copyOut } from '../stores/postgres/copy.ts'
import { allGenerations } from '../stores/postgres/embedding-generations.ts'
import { controlSchemaVersion, schemaVersion } from '../stores/postgres/migrator.ts'
import { schemaOwner } from '../stores/postgres/ownership-comments.ts'
import type { EmbeddingGenerationRow, TenantRow } from '../stores/postgres/rows.ts'
import { listTables } from '../stores/postgres/table-list.ts'
import { describeTenantPlace } from '../stores/postgres/tenant-roles.ts'
import { enterTenant, leaveTenant } from '../stores/postgres/tenant-scope.ts'
import { listTenants } from '../stores/postgres/tenants.ts'
import { findCollection } from '../stores/vectors/pgvector/registry.ts'
import type { FileWriter } from './file-writer.ts'
import type { Manifest } from './manifest.ts'

/** Columns by which rows of the control schema belong to a tenant; other tables are nobody's. */
const tenantColumn: Readonly<Record<string, string>> = { tenants: 'id', api_keys: 'tenant_id', jobs: 'tenant_id', usage: 'tenant_id', isolation_moves: 'tenant_id' } // prettier-ignore

export type DumpedRows = Pick<Manifest, 'control' | 'tenants' | 'databaseAt'> & {
  readonly generations: readonly EmbeddingGenerationRow[]
}

export interface RowSource {
  readonly database: Knex
  /** The collections of the pgvector engine too, which are tables of the same database. */
  readonly withVectors: boolean
  /** Slug of the tenant whose rows alone are wanted. */
  readonly only: string | null
}

/**
 * Writes the rows of the control schema and of every tenant, each read as the role that owns it, all as of one moment.
 * @throws Error when there is no such tenant
 */
export async function dumpRows({ database, withVectors, only }: RowSource, files: FileWriter): Promise<DumpedRows> {
  return oneMoment(database, async sql => {
    const { rows } = await sql.raw<{ rows: { now: Date }[] }>('SELECT now() AS now')
    const tenants = (await listTenants(sql)).filter(({ slug }) => only === null || slug === only)
    if (only !== null && tenants.length === 0) throw new Error(`there is no tenant ${only} in this database`)
    await dumpControl(sql, files, only === null ? null : (tenants[0] ?? null))
    const dumped: Manifest['tenants'] = []
    for (const tenant of tenants) {
      const about = await dumpTenant(sql, files, tenant)
      if (about) dumped.push(about)
    }
    const { applied } = await controlSchemaVersion(sql)
    const generations = only === null ? await allGenerations(sql) : []
    if (withVectors) await dumpVectors(sql, files, generations)
    return {
      databaseAt: (rows[0]?.now ?? new Date()).toISOString(),
      control: { owner: (await schemaOwner(sql, CONTROL_SCHEMA)).owner, migrations: [...(applied ?? [])] },
      tenants: dumped,
      generations,
    }
  })
}

function oneMoment<T>(database: Knex, work: (sql: Knex.Transaction) => Promise<T>): Promise<T> {
  return database.transaction(work, { isolationLevel: 'repeatable read', readOnly: true })
}

async function dumpControl(sql: Knex.Transaction, files: FileWriter, only: TenantRow | null): Promise<void> {
  for (const { name, columns } of await listTables(sql, CONTROL_SCHEMA)) {
    const column = tenantColumn[name]
    if (only && !column) continue
    const where = only ? { where: `${column} = '${only.id}'` } : {}
    const out = await copyOut(sql, { schema: CONTROL_SCHEMA, table: name, columns, ...where })
    const content = () => ({ kind: 'rows', tenant: null, table: name, columns, rows: out.rows() }) as const
    await files.add(`control/${name}.copy`, out.text, content)
  }
} // prettier-ignore

/** Null when its schema is gone: there is nothing to save, and its condition says so. */
async function dumpTenant(sql: Knex.Transaction, files: FileWriter, { slug, owner }: TenantRow) {
  const schema = tenantSchema(slug)
  const place = await describeTenantPlace(sql, slug)
  if (!place.schemaExists) return null
  await enterTenant(sql, slug)
  for (const { name, columns } of await listTables(sql, schema)) {
    const out = await copyOut(sql, { schema, table: name, columns })
    const content = () => ({ kind: 'rows', tenant: slug, table: name, columns, rows: out.rows() }) as const
    await files.add(`tenants/${slug}/${name}.copy`, out.text, content)
  }
  const { applied } = await schemaVersion(sql, schema)
  await leaveTenant(sql)
  return { slug, owner: place.marker ?? owner, migrations: [...(applied ?? [])] }
} // prettier-ignore

/** The collections of the pgvector engine are tables of the same database, and so of the same moment. */
async function dumpVectors(sql: Knex.Transaction, files: FileWriter, generations: readonly EmbeddingGenerationRow[]) {
  const tables = await listTables(sql, VECTOR_SCHEMA)
  for (const { collection } of generations) {
    const row = tables.length > 0 ? await findCollection(sql, collection) : undefined
    const columns = tables.find(({ name }) => name === row?.table_name)?.columns
    if (!row || !columns) continue
    const out = await copyOut(sql, { schema: VECTOR_SCHEMA, table: row.table_name, columns })
    const content = () => ({ kind: 'vector-rows', collection, columns, rows: out.rows() }) as const
    await files.add(`vectors/${collection}.copy`, out.text, content)
  }
}
