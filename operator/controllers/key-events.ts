import { type PlanHooks } from '../../api/provisioning/apply.ts'
import { type Step } from '../../api/provisioning/steps.ts'
import { type Tenant } from '../observe/resources.ts'
import { type OperatorContext } from './context.ts'

/** The context's hooks, and an Event for every key that was replaced or ended. The first key of a name is no news. */
export function tellingKeys({ hooks, events }: OperatorContext, tenant: Tenant): PlanHooks {
  return {
    ...hooks,
    onStep: async (step, index) => {
      const told = describe(step)
      if (told) events.record(tenant, { type: 'Normal', action: 'Reconcile', ...told })
      await hooks.onStep?.(step, index)
    },
  }
}

function describe(step: Step): { reason: string; note: string } | null {
  switch (step.kind) {
    case 'mint-key':
    case 'register-key': {
      if (step.replaces.length === 0) return null
      const why = step.kind === 'mint-key' ? step.why : 'another one was in its Secret'
      const note = `key ${step.key.name} was replaced: ${why}; the one before works for another ${step.key.overlapSeconds} s` // prettier-ignore
      return { reason: 'KeyRotated', note }
    }
    case 'revoke-keys':
      return { reason: 'KeysRevoked', note: `${step.ids.length} of its keys stopped working: ${step.why}` }
    default:
      return null
  }
}
