import type { ObservedMove } from './observe-move.ts'

export interface MoveTiming {
  /** How long after the switch jobs go on waiting: every process must have noticed it (AuthenticationService remembers for 3 s). */
  readonly settleMs: number
  /** How long the points stay where they were: requests that began before have ended by then. */
  readonly clearAfterMs: number
}

export const moveTiming: MoveTiming = { settleMs: 5_000, clearAfterMs: 60_000 }

export type MoveStep =
  /** Some pages of points, and after the last one: jobs wait. */
  | { readonly kind: 'copy-points' }
  /** What has changed meanwhile, a comparison by exact counts, and the switch. */
  | { readonly kind: 'catch-up' }
  | { readonly kind: 'release-jobs' }
  /** The points go from where they were. The last one. */
  | { readonly kind: 'clear-source' }
  | { readonly kind: 'wait'; readonly ms: number; readonly message: string | null }

/** The next step of a move. Pure. */
export function planMove(observed: ObservedMove, timing: MoveTiming): MoveStep {
  const { move, running, phaseAgeMs } = observed
  switch (move.phase) {
    case 'copying': {
      const obstacle = inTheWay(observed)
      return obstacle ? wait(30_000, obstacle) : { kind: 'copy-points' }
    }
    case 'catching-up':
      return running > 0 ? wait(200, `${running} jobs of the tenant are still at work`) : { kind: 'catch-up' }
    case 'settling':
      return until(timing.settleMs, phaseAgeMs) ?? { kind: 'release-jobs' }
    case 'clearing':
      return until(timing.clearAfterMs, phaseAgeMs) ?? { kind: 'clear-source' }
    case 'done':
    case 'cancelled':
      return wait(60_000, null)
  }
}

/** Only a person, or a provisioning that is still to come, can do something about it. */
function inTheWay({ move, source, target }: ObservedMove): string | null {
  for (const [alias, generation] of [
    [move.source, source],
    [move.target, target],
  ] as const)
    // prettier-ignore
    if (!generation) return `nothing is recorded about collection ${alias}; the pipeline's reconciliation creates it`
  if (source?.fingerprint === target?.fingerprint) return null
  return `the vectors in ${move.source} were made by another model (${source?.fingerprint}) than ${move.target} is for (${target?.fingerprint}); reprocess the tenant's documents first` // prettier-ignore
}

function until(ms: number, ageMs: number): MoveStep | null {
  return ageMs < ms ? wait(Math.min(ms - ageMs, 1000), null) : null
}

function wait(ms: number, message: string | null): MoveStep {
  return { kind: 'wait', ms, message }
}
