import type { Knex } from 'knex'
import { readSystemConfig, writeSystemConfig } from './system-config.ts'

/** The newest complete backup of this database, for the alert that one is missing. */
export interface LastBackup {
  readonly name: string
  readonly at: Date
}

const KEY = 'last_backup'

export async function recordBackup(sql: Knex, { name, at }: LastBackup): Promise<void> {
  await writeSystemConfig(sql, KEY, { name, at: at.toISOString() })
}

/** Null when there has been none. A restored database remembers the one before that it was restored from. */
export async function readLastBackup(sql: Knex): Promise<LastBackup | null> {
  const value = (await readSystemConfig(sql, KEY)) as { name: string; at: string } | undefined
  return value ? { name: value.name, at: new Date(value.at) } : null
}
