import { type Drift, type Obstacle } from '../../api/provisioning/steps.ts'
import { typeOf } from '../observe/resource-types.ts'
import { type Difference } from '../runtime/differences.ts'
import { type KubernetesClient } from '../runtime/kubernetes-client.ts'
import { type KubernetesObject, objectName } from '../runtime/kubernetes-object.ts'
import { apply, type ApplyDecision, decide } from '../runtime/server-side-apply.ts'
import { claimObject } from '../plan/object-claim.ts'
import { type DriftPolicy } from '../plan/drift-policy.ts'
import { handOverReplicas } from './replicas.ts'

export const FIELD_MANAGER = 'selfrag-operator'
/** Hash of what was applied, see operator/runtime/server-side-apply.ts. */
export const APPLIED_ANNOTATION = 'selfrag.io/applied'
const options = { fieldManager: FIELD_MANAGER, annotation: APPLIED_ANNOTATION }

export interface ApplyPolicy {
  readonly drift: DriftPolicy
  /** All objects had been applied before: one that is missing has been deleted by somebody. */
  readonly settled: boolean
  /** Takes over objects of somebody else. */
  readonly adopt: boolean
}

export interface AppliedObjects {
  /** As they are now, by `Kind/name`; objects that are in the way are left out. */
  readonly live: ReadonlyMap<string, KubernetesObject>
  readonly obstacles: readonly Obstacle[]
  readonly repaired: readonly Drift[]
  readonly left: readonly Drift[]
}

/** Applies, in order, the objects that are not as they should be; makes no write for those that are. */
export async function applyObjects(
  client: KubernetesClient,
  wanted: readonly KubernetesObject[],
  policy: ApplyPolicy,
): Promise<AppliedObjects> {
  const live = new Map<string, KubernetesObject>()
  const obstacles: Obstacle[] = []
  const repaired: Drift[] = []
  const left: Drift[] = []
  for (const object of wanted) {
    const type = typeOf(object)
    const found = await client.get(type, object.metadata)
    const obstacle = found && claimObject(object, found, policy.adopt)
    if (obstacle) {
      obstacles.push(obstacle)
      continue
    }
    const decision = decide(object, found, APPLIED_ANNOTATION)
    const drift = driftOf(object, decision, policy.settled)
    const leave = drift.length > 0 && policy.drift !== 'Enforce'
    ;(leave ? left : repaired).push(...drift)
    const now = leave || decision.action === 'none' ? found : await write(client, object, found)
    if (now) live.set(objectName(object), now)
  }
  return { live, obstacles, repaired, left }
}

async function write(
  client: KubernetesClient,
  object: KubernetesObject,
  found: KubernetesObject | null,
): Promise<KubernetesObject> {
  if (found) await handOverReplicas(client, object, found, FIELD_MANAGER)
  return apply(client, typeOf(object), object, options)
}

function driftOf(object: KubernetesObject, decision: ApplyDecision, settled: boolean): Drift[] {
  const name = objectName(object)
  if (decision.action === 'create' && settled)
    return [{ object: name, field: 'existence', wanted: 'present', found: 'missing' }]
  return decision.action === 'repair' ? decision.differences.map(difference => tell(name, difference)) : []
}

function tell(object: string, { path, wanted, found }: Difference): Drift {
  return { object, field: path, wanted: show(wanted), found: found === undefined ? 'missing' : show(found) }
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
