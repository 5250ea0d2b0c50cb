import { type Drift, type Plan, type Step } from '../../api/provisioning/steps.ts'
import { type RagPipeline } from '../../crds/rag-pipeline.ts'
import { type Condition } from '../runtime/conditions.ts'

export type DriftPolicy = RagPipeline['spec']['driftPolicy']

/** What of a status decides whether a difference is drift or just not done yet. */
export interface PreviousStatus {
  readonly conditions?: readonly Condition[] | undefined
}

/** Reason of a condition that would hold if drift were repaired. */
export const DRIFTED = 'Drifted'

/**
 * Whether everything in `areas` had been as this generation of the resource wants it: only then can a difference be
 * somebody else's doing. Before, it is our own work that is not finished.
 */
export function hasSettled(previous: PreviousStatus, generation: number, areas: readonly string[]): boolean {
  return areas.every(area => {
    const condition = previous.conditions?.find(({ type }) => type === area)
    return condition?.observedGeneration === generation && (condition.status === 'True' || condition.reason === DRIFTED)
  })
}

export interface DriftDecision {
  readonly steps: readonly Step[]
  /** Differences that the steps repair. */
  readonly repaired: readonly Drift[]
  /** Differences that stay. */
  readonly left: readonly Drift[]
}

/** Of the differences that stay, those that people hear of. */
export function toldDrift({ spec }: Pick<RagPipeline, 'spec'>, left: readonly Drift[]): readonly Drift[] {
  return spec.driftPolicy === 'Warn' ? left : []
}

/** Which of a plan's steps may be carried out under a drift policy. */
export function underPolicy(plan: Plan, policy: DriftPolicy, settled: boolean): DriftDecision {
  if (policy === 'Enforce' || !settled || plan.drift.length === 0)
    return { steps: plan.steps, repaired: settled ? plan.drift : [], left: [] }
  const steps = plan.steps.filter(step => !repairs(step, plan.drift))
  return { steps, repaired: [], left: plan.drift }
}

function repairs(step: Step, drift: readonly Drift[]): boolean {
  // Without its schema nothing of a tenant can be changed.
  if (drift.some(({ object, field }) => object.startsWith('schema ') && field === 'existence')) return true
  const touched = touchedCollection(step)
  if (touched !== null) return drift.some(({ object }) => object === `collection ${touched}`)
  return step.kind === 'grant-schema' && drift.some(({ object }) => /^(role|schema|table) /.test(object))
}

function touchedCollection(step: Step): string | null {
  switch (step.kind) {
    case 'create-collection':
      return step.name
    case 'create-payload-index':
    case 'set-hnsw':
    case 'set-alias':
    case 'record-generation':
      return step.collection
    default:
      return null
  }
}

/** Something of which nothing is left any more, so that what depends on it cannot work. */
export function isLoss(drift: Drift): boolean {
  return drift.field === 'existence' && drift.wanted === 'present'
}
