import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'

interface SystemConfigRow {
  key: string
  value: unknown
  updated_at: Date
}

function table(sql: Knex) {
  return sql<SystemConfigRow>('system_config').withSchema(CONTROL_SCHEMA)
}

/** Undefined when it was never set. */
export async function readSystemConfig(sql: Knex, key: string): Promise<unknown> {
  const row = await table(sql).where({ key }).first('value')
  return row?.value
}

/** @param value anything that JSON can hold */
export async function writeSystemConfig(sql: Knex, key: string, value: unknown): Promise<void> {
  const row = { key, value: JSON.stringify(value), updated_at: sql.fn.now() as never }
  await table(sql).insert(row).onConflict('key').merge()
}

export async function removeSystemConfig(sql: Knex, key: string): Promise<void> {
  await table(sql).where({ key }).delete()
}
