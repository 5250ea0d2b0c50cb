import { type MaintenanceTask, runMaintenance } from '../maintenance/tasks.ts'
import { cleanUp } from './clean-up.ts'
import type { IngestionParts } from './ingestion-parts.ts'
import type { ScheduledTask } from './queue.ts'

/**
 * What one of all workers does at night: UTC, and not at the full hour, when everybody's jobs are due. Apart from each other,
 * since maintenance is done by one at a time.
 */
export function scheduledTasks(parts: IngestionParts): ScheduledTask[] {
  const { maintenance, isolationCheck } = parts.schedule
  return [
    { name: 'clean-up', at: '17 3 * * *', run: signal => cleanUp(parts, signal) },
    {
      name: 'maintenance',
      at: maintenance ? '37 3 * * 0' : null,
      run: signal => maintain(parts, ['points', 'indexes', 'vacuum'], signal),
    },
    {
      name: 'isolation-check',
      at: isolationCheck ? '47 2 * * *' : null,
      run: signal => maintain(parts, ['isolation'], signal),
    },
  ]
}

/** Leaves out what cron or a person has just done. Fails while another one is at it, so that it is tried again and not left until next week. */
async function maintain(parts: IngestionParts, tasks: readonly MaintenanceTask[], signal: AbortSignal): Promise<void> {
  if (!(await runMaintenance(parts, { chosen: tasks, due: true, signal })))
    throw new Error(`maintenance runs already, by a person or another worker; ${tasks.join(', ')} will be tried again`)
}
