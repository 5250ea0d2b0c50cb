import { type Drift, type Plan, type Step, type StoreDrift } from '../../api/provisioning/steps.ts'
import { type RagPipeline } from '../../crds/rag-pipeline.ts'
import { cut, listed } from '../runtime/cut.ts'

export type DriftPolicy = RagPipeline['spec']['driftPolicy']

/** Reason of a condition that would hold if drift were repaired. */
export const DRIFTED = 'Drifted'

export interface DriftDecision {
  readonly steps: readonly Step[]
  /** Differences that the steps repair. */
  readonly repaired: readonly Drift[]
  /** Differences that stay. */
  readonly left: readonly Drift[]
}

/** Of the differences that stay, those that people hear of. */
export function toldDrift({ spec }: Pick<RagPipeline, 'spec'>, left: readonly Drift[]): readonly Drift[] {
  return spec.driftPolicy === 'Ignore' ? [] : left
}

/** For the condition Degraded; all of it stands in `status.drift`. */
export function driftMessage(drift: readonly Drift[]): string {
  return listed(drift.map(tell), 8)
}

function tell({ object, field, wanted, found, remedy }: Drift): string {
  const what = `${object}: ${field} is ${cut(found, 200)}, wanted ${cut(wanted, 200)}`
  return remedy === undefined ? what : `${what} (${remedy})`
}

/**
 * Which of a plan's steps may be carried out under a drift policy: what only repairs drift is left out where drift is to
 * stay. Drift that no step repairs stays under every policy.
 */
export function underPolicy(plan: Plan, policy: DriftPolicy): DriftDecision {
  if (policy === 'Enforce') {
    // A plan may lack a repair's steps while something else is in the way.
    const planned = new Set(plan.steps)
    const isRepaired = ({ repair }: StoreDrift) => repair.length > 0 && repair.every(step => planned.has(step))
    const { repaired = [], left = [] } = Object.groupBy(plan.drift, drift => (isRepaired(drift) ? 'repaired' : 'left'))
    return { steps: plan.steps, repaired, left }
  }
  const repairs = new Set(plan.drift.flatMap(({ repair }) => repair))
  return { steps: plan.steps.filter(step => !repairs.has(step)), repaired: [], left: plan.drift }
}

/** Something of which nothing is left any more, so that what depends on it cannot work. */
export function isLoss(drift: Drift): boolean {
  return drift.field === 'existence' && drift.wanted === 'present'
}
