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

/** Whether there is such a table, with the columns that this file reads. From the catalogue. */
export async function hasSystemConfig(sql: Knex): Promise<boolean> {
  const { rows } = await sql.raw<{ rows: { columns: string }[] }>(
    `SELECT count(*) AS columns FROM pg_attribute
      WHERE attrelid = to_regclass(?) AND NOT attisdropped AND attname IN ('key', 'value')`,
    [`${CONTROL_SCHEMA}.system_config`],
  )
  return Number(rows[0]?.columns) === 2
}

/** Undefined when it was never set. */
export async function readSystemConfig(sql: Knex, key: string): Promise<unknown> {
  const row = await table(sql).where({ key }).first('value')
  return row?.value
}

/** The same, and until the transaction ends nobody changes the row. */
export async function holdSystemConfig(sql: Knex.Transaction, key: string): Promise<unknown> {
  const row = await table(sql).where({ key }).forShare().first('value')
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
