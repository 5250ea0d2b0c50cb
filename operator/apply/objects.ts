import { type Drift, type Obstacle } from '../../api/provisioning/steps.ts'
import { type AppliedObject } from '../../crds/applied-objects.ts'
import { typeOf } from '../observe/resource-types.ts'
import { APPLIED_ANNOTATION, appliedObject, decideObject, type ObjectDecision, type ObjectPolicy } from '../plan/object-decision.ts' // prettier-ignore
import { type KubernetesClient } from '../runtime/kubernetes-client.ts'
import { type Absence, absenceOf, isInvalid } from '../runtime/kubernetes-error.ts'
import { type KubernetesObject, objectName } from '../runtime/kubernetes-object.ts'
import { apply, appliedHash } from '../runtime/server-side-apply.ts'
import { handOverReplicas } from './replicas.ts'

export const FIELD_MANAGER = 'selfrag-operator'
const options = { fieldManager: FIELD_MANAGER, annotation: APPLIED_ANNOTATION }

export interface AppliedObjects {
  /** As they are now, by `Kind/name`; objects that are in the way are left out. */
  readonly live: ReadonlyMap<string, KubernetesObject>
  readonly obstacles: readonly Obstacle[]
  /** By `Kind/name`, objects whose kind the API server has ceased to serve a moment ago, and why. */
  readonly absent: ReadonlyMap<string, Absence>
  readonly repaired: readonly Drift[]
  readonly left: readonly Drift[]
  /** For the status: what is applied now. */
  readonly applied: readonly AppliedObject[]
}

/** Looks at the objects and decides about each, in order; changes nothing. */
export function decideObjects(
  client: KubernetesClient,
  wanted: readonly KubernetesObject[],
  policy: ObjectPolicy,
): Promise<ObjectDecision[]> {
  return Promise.all(
    wanted.map(async object => decideObject(object, await client.get(typeOf(object), object.metadata), policy)),
  )
}

/** Applies, in order, the objects that are not as they should be; makes no write for those that are. */
export async function applyObjects(
  client: KubernetesClient,
  decisions: readonly ObjectDecision[],
): Promise<AppliedObjects> {
  const live = new Map<string, KubernetesObject>()
  const absent = new Map<string, Absence>()
  const obstacles: Obstacle[] = []
  const repaired: Drift[] = []
  const left: Drift[] = []
  const applied: (AppliedObject | null)[] = []
  for (const decision of decisions) {
    const { wanted, drift, leave, recorded } = decision
    const outcome = decision.obstacle ?? (await carryOut(client, decision))
    if (typeof outcome === 'string') {
      absent.set(objectName(wanted), outcome)
      continue
    }
    const refused = outcome !== null && 'reason' in outcome
    applied.push(refused || leave ? recorded : appliedObject(wanted, appliedHash(wanted)))
    if (refused) {
      obstacles.push(outcome)
      continue
    }
    ;(leave ? left : repaired).push(...drift)
    if (outcome) live.set(objectName(wanted), outcome)
  }
  return { live, absent, obstacles, repaired, left, applied: applied.filter(entry => entry !== null) }
}

/** @returns the object as it is now, null when it stays away, or why it cannot be made or changed */
async function carryOut(
  client: KubernetesClient,
  { wanted, live, action, leave }: ObjectDecision,
): Promise<KubernetesObject | Obstacle | Absence | null> {
  if (leave || action === 'none') return live
  const type = typeOf(wanted)
  try {
    if (live) await handOverReplicas(client, wanted, live, FIELD_MANAGER)
    return await apply(client, type, wanted, options)
  } catch (error) {
    const absence = type.optional ? absenceOf(error) : null
    if (absence) return absence
    if (!isInvalid(error) || !live) throw error
    const { kind, metadata } = wanted
    const way = `kubectl -n ${metadata.namespace} delete ${kind.toLowerCase()} ${metadata.name}`
    return { reason: 'Unrepairable', area: 'tenant', message: `${objectName(wanted)} cannot be changed in place (${error.message}); delete it and it is made anew: ${way}` } // prettier-ignore
  }
}
