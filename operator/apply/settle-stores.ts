import { applyPlan, type ApplyContext, type PlanHooks } from '../../api/provisioning/apply.ts'
import { type Drift, type Obstacle, type Plan } from '../../api/provisioning/steps.ts'
import { type Erasure, type ProvisioningStores } from '../../api/provisioning/stores.ts'
import { type DriftDecision, type DriftPolicy, underPolicy } from '../plan/drift-policy.ts'

export interface LookOptions<Observed> {
  readonly observe: () => Promise<Observed>
  readonly plan: (observed: Observed) => Plan
  readonly policy: DriftPolicy
}

export interface SettleOptions<Observed> extends LookOptions<Observed> {
  readonly stores: ProvisioningStores
  readonly context: ApplyContext
  readonly hooks: PlanHooks
}

export interface Settled<Observed> {
  /** As it is now. */
  readonly observed: Observed
  readonly obstacles: readonly Obstacle[]
  readonly repaired: readonly Drift[]
  readonly left: readonly Drift[]
  /** Rows and points that are gone for good. */
  readonly erased: Erasure
}

/** Each round does what the one before made possible: knowledge bases need the schema, keys need knowledge bases. */
const MAX_ROUNDS = 4

/**
 * Observes, plans and applies until nothing is left to do. What it gives was observed after the last step, so that a
 * status tells what is and not what was meant to be.
 * @throws when steps remain after some rounds: a plan that its own steps do not fulfil
 */
export async function settleStores<Observed>(options: SettleOptions<Observed>): Promise<Settled<Observed>> {
  const repaired: Drift[] = []
  const erased = { rows: 0, points: 0, snapshots: 0 }
  for (let round = 1; ; round++) {
    const { observed, plan, decision } = await look(options)
    const { steps, repaired: repairs, left } = decision
    if (steps.length === 0) return { observed, obstacles: plan.obstacles, repaired, left, erased }
    if (round > MAX_ROUNDS)
      throw new Error(`the plan is not fulfilled by its own steps: ${steps.map(({ kind }) => kind).join(', ')}`)
    const gone = await applyPlan(options.stores, { ...plan, steps }, options.context, options.hooks)
    erased.rows += gone.rows
    erased.points += gone.points
    erased.snapshots += gone.snapshots
    repaired.push(...repairs)
  }
}

/** One round without carrying it out: what there is, what should be done, and what of it the drift policy lets be done. */
export async function look<Observed>(
  options: LookOptions<Observed>,
): Promise<{ observed: Observed; plan: Plan; decision: DriftDecision }> {
  const observed = await options.observe()
  const plan = options.plan(observed)
  return { observed, plan, decision: underPolicy(plan, options.policy) }
}
