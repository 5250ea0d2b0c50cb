import type { MaintenanceRecord } from '../stores/postgres/maintenance-record.ts'
import type { MaintenanceTask } from './tasks.ts'

const HOUR_MS = 3_600_000
const WEEK_HOURS = 7 * 24

/** How often each is worth doing. */
const periodHours: Readonly<Record<MaintenanceTask, number>> = {
  points: WEEK_HOURS,
  indexes: WEEK_HOURS,
  vacuum: WEEK_HOURS,
  isolation: 24,
}

/**
 * Whether the schedule's turn has come: nobody (a worker, cron, a person) has done it in its period. What comes at the same
 * hour every time may come a little early, hence the seventh that is allowed. Pure.
 */
export function isDue(task: MaintenanceTask, record: MaintenanceRecord, now: Date): boolean {
  const last = record[task]
  return !last || now.getTime() - last.getTime() > (periodHours[task] * 6 * HOUR_MS) / 7
}
