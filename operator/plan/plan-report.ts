import { type PlannedChange } from '../../api/provisioning/planned-change.ts'
import { type Drift, type Obstacle } from '../../api/provisioning/steps.ts'
import { listed } from '../runtime/cut.ts'

/** What one look at a resource in plan mode has found out. */
export interface PlanReport {
  readonly operation: 'Reconcile' | 'Delete'
  /** In the order in which they would be made. */
  readonly changes: readonly Forecast[]
  /** What is in the way, and what cannot be known yet. */
  readonly notes: readonly string[]
}

export interface Forecast extends PlannedChange {
  /** What has to happen first and is no part of this plan. */
  readonly after?: string
}

export function noteObstacles(obstacles: readonly Obstacle[]): string[] {
  return obstacles.map(({ reason, message }) => `${reason}: ${message}`)
}

/** Differences that the drift policy would leave. */
export function noteDrift(left: readonly Drift[]): string[] {
  if (left.length === 0) return []
  const told = left.map(({ object, field, found }) => `${object}: ${field} is ${found}`)
  return [`left as it is under the drift policy: ${listed(told, 8)}`]
}
