import type { Knex } from 'knex'
import { CONTROL_SCHEMA } from '../../contract/names.ts'
import { readSystemConfig, writeSystemConfig } from './system-config.ts'

/** What the newest check of all tenants' isolation has found, for the alert that it is broken. */
export interface IsolationCheck {
  readonly at: Date
  /** Tenants that were checked. */
  readonly tenants: number
  /** Those that could not be: they are not whole just now, or a store did not answer. */
  readonly unchecked: number
  /** By slug, what each could reach and must not. */
  readonly broken: Readonly<Record<string, readonly string[]>>
}

const KEY = 'isolation_check'

export async function recordIsolationCheck(sql: Knex, check: IsolationCheck): Promise<void> {
  await writeSystemConfig(sql, KEY, { ...check, at: check.at.toISOString() })
}

/** Null when there has been none. */
export async function readIsolationCheck(sql: Knex): Promise<IsolationCheck | null> {
  const value = (await readSystemConfig(sql, KEY)) as (Omit<IsolationCheck, 'at'> & { at: string }) | undefined
  return value ? { ...value, at: new Date(value.at) } : null
}

/** How old the newest check may be where a schedule renews it: one that runs daily has been missed by then. */
export const STALE_MS = 3 * 86_400_000

/** Since when nobody has tried: since the newest check; before the first one, since there is a tenant. Null: there is none. */
export async function untriedSince(sql: Knex, check: IsolationCheck | null): Promise<Date | null> {
  if (check) return check.at
  const row = await sql('tenants').withSchema(CONTROL_SCHEMA).min<{ oldest: Date | null }>({ oldest: 'created_at' }).first() // prettier-ignore
  return row?.oldest ?? null
}
