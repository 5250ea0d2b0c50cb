import type { Knex } from 'knex'
import { z } from 'zod'
import { hasSystemConfig, holdSystemConfig, readSystemConfig, writeSystemConfig } from './system-config.ts'

const compatibilitySchema = z
  .object({
    /** Migrations that this is about. */
    known: z.array(z.string()).readonly(),
    /** Programs that know these work with all of `known`. */
    floor: z.array(z.string()).readonly(),
  })
  .readonly()

/**
 * What the program that migrated last has recorded in the control schema, for programs of other versions: older and newer
 * operators, pods that are being replaced, a release that is rolled back to. Every version must be able to read it.
 */
const schemaLevelSchema = z.object({
  /** The image whose migration went through to its end; null while one is at work, and after a migration by hand. */
  image: z.string().nullable(),
  /** The tenant migrations that this image works with, and that a new tenant's schema gets. */
  tenant: z.array(z.string()).readonly(),
  /** Of each kind of schema, as the newest program that has migrated it says. */
  schemas: z.object({ control: compatibilitySchema, tenant: compatibilitySchema }).readonly(),
})

export type Compatibility = z.output<typeof compatibilitySchema>
export type SchemaLevel = Readonly<z.output<typeof schemaLevelSchema>>

const KEY = 'schema_level'

/** Null when nothing is recorded, or the table for it is gone: whoever compares the schema's structure tells that. */
export async function readSchemaLevel(sql: Knex): Promise<SchemaLevel | null> {
  if (!(await hasSystemConfig(sql))) return null
  return schemaLevelSchema.safeParse(await readSystemConfig(sql, KEY)).data ?? null
}

/** The same, and until the transaction ends nobody changes it. */
export async function holdSchemaLevel(sql: Knex.Transaction): Promise<SchemaLevel | null> {
  return schemaLevelSchema.safeParse(await holdSystemConfig(sql, KEY)).data ?? null
}

/** For schemas that were changed by hand: the image's migration has to look at them again. */
export async function forgetImage(sql: Knex): Promise<void> {
  const level = await readSchemaLevel(sql)
  if (level) await writeSchemaLevel(sql, { ...level, image: null })
}

export async function writeSchemaLevel(sql: Knex, level: SchemaLevel): Promise<void> {
  await writeSystemConfig(sql, KEY, level)
}
