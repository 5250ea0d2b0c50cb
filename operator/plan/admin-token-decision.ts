import { type Drift } from '../../api/provisioning/steps.ts'
import { ADMIN_TOKEN_KEY, type AdminTokenSecret } from '../desired/admin-token.ts'
import { type Secret } from '../observe/secrets.ts'
import { claimObject } from './object-claim.ts'
import { objectName } from '../runtime/kubernetes-object.ts'
import { appliedObject, type ObjectDecision, type ObjectPolicy } from './object-decision.ts'

/** Stands for the hash in the status: a digest of the token would say something of it. */
export const MINTED = 'minted'

/**
 * The token is minted when it is not there and never changed: only its absence is drift. Pure.
 * @param wanted without a token
 */
export function decideAdminToken(wanted: AdminTokenSecret, live: Secret | null, policy: ObjectPolicy): ObjectDecision {
  const wasMade = policy.applied.has(objectName(wanted))
  const recorded = wasMade ? appliedObject(wanted, MINTED) : null
  const nothing = { wanted, live, action: 'none', drift: [], leave: false } as const
  const obstacle = live && claimObject(wanted, live, { adopt: policy.adopt, wasApplied: false })
  if (obstacle) return { ...nothing, obstacle, leave: true, recorded: null }
  if (live?.data?.[ADMIN_TOKEN_KEY]) return { ...nothing, obstacle: null, recorded }
  if (!live && !wasMade) return { ...nothing, obstacle: null, action: 'create', recorded }
  const field = live ? `data.${ADMIN_TOKEN_KEY}` : 'existence'
  const drift: Drift = { object: objectName(wanted), field, wanted: 'present', found: 'missing' }
  const leave = policy.drift !== 'Enforce'
  return { wanted, live, obstacle: null, action: live ? 'repair' : 'restore', drift: [drift], leave, recorded }
}
