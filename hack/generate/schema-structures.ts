import knex from 'knex'
import { CONTROL_SCHEMA, tenantSchema } from '../../api/contract/names.ts'
import { startEmbeddedPostgres } from '../../api/standalone/embedded-postgres.ts'
import { migrateControlSchema, migrateTenantSchema } from '../../api/stores/postgres/migrator.ts'
import { readStructure, type SchemaStructure } from '../../api/stores/postgres/schema-structure.ts'
import { createTenantSchema, describeTenantPlace, ensureTenantRole } from '../../api/stores/postgres/tenant-roles.ts'
import type { GeneratedFile } from './generated-file.ts'

const SLUG = 'any'

/** What the migrations make, read from a database in memory that they have just run in. */
export async function schemaStructures(): Promise<GeneratedFile[]> {
  const postgres = await startEmbeddedPostgres(null)
  const database = knex({ client: 'pg', connection: postgres.url, pool: { min: 0, max: 1 } })
  try {
    await migrateControlSchema(database)
    const control = await readStructure(database, CONTROL_SCHEMA)
    await database.transaction(async sql => {
      const place = await describeTenantPlace(sql, SLUG)
      await ensureTenantRole(sql, place)
      await createTenantSchema(sql, SLUG, place.role, { cluster: 'none', uid: 'none' })
    })
    await migrateTenantSchema(database, SLUG)
    const tenant = await readStructure(database, tenantSchema(SLUG))
    return [file('control', 'controlStructure', control), file('tenant', 'tenantStructure', tenant)]
  } finally {
    await database.destroy()
    await postgres.stop()
  }
}

function file(folder: string, name: string, structure: SchemaStructure): GeneratedFile {
  const content = `// Generated from the migrations beside it by \`npm run generate\`; do not edit.
import type { SchemaStructure } from '../../schema-structure.ts'

export const ${name}: SchemaStructure = ${JSON.stringify(structure, null, 2)}
`
  return { path: `api/stores/postgres/migrations/${folder}/structure.ts`, content }
}
