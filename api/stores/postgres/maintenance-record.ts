import type { Knex } from 'knex'
import { readSystemConfig, writeSystemConfig } from './system-config.ts'

/** By task, when it was last done to its end, by whomever. */
export type MaintenanceRecord = Readonly<Record<string, Date>>

const KEY = 'maintenance'

export async function readMaintenanceRecord(sql: Knex): Promise<MaintenanceRecord> {
  const value = ((await readSystemConfig(sql, KEY)) ?? {}) as Record<string, string>
  return Object.fromEntries(Object.entries(value).map(([task, at]) => [task, new Date(at)]))
}

/** For who holds the lock of maintenance: nobody else writes meanwhile. */
export async function recordMaintenance(sql: Knex, task: string, at: Date): Promise<void> {
  await writeSystemConfig(sql, KEY, { ...(await readMaintenanceRecord(sql)), [task]: at })
}
