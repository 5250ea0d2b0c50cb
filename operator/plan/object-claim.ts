import { type Obstacle } from '../../api/provisioning/steps.ts'
import { ADOPT_ANNOTATION } from '../../crds/definition.ts'
import { type KubernetesObject, type OwnerReference } from '../runtime/kubernetes-object.ts'

/**
 * Whether a live object may be written: it is ours when our resource controls it, or when we had applied it and somebody
 * has only taken the owner reference away. One that nobody controls, or somebody else, is not taken silently. Pure.
 * @returns what is in the way, or null
 */
export function claimObject(
  wanted: KubernetesObject,
  live: KubernetesObject,
  { adopt, wasApplied }: { readonly adopt: boolean; readonly wasApplied: boolean },
): Obstacle | null {
  const owner = controller(wanted)
  const holder = controller(live)
  if (owner && holder?.uid === owner.uid) return null
  if (!holder && wasApplied) return null
  const name = `${live.kind} ${live.metadata.namespace}/${live.metadata.name}`
  if (holder?.kind === owner?.kind && holder?.name === owner?.name)
    return obstacle(
      'Waiting',
      `${name} of the ${owner?.kind} of that name that was deleted before is still being removed`,
    )
  if (holder)
    return obstacle('Conflict', `${name} belongs to ${holder.kind} ${holder.name}; delete it, or give this resource another name`) // prettier-ignore
  if (adopt) return null
  return obstacle('Conflict', `${name} exists already and was not made by the operator; delete it, give this resource another name, or annotate this resource with ${ADOPT_ANNOTATION}: "true" to take it over`) // prettier-ignore
}

function controller(object: KubernetesObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(reference => reference.controller)
}

function obstacle(reason: Obstacle['reason'], message: string): Obstacle {
  return { reason, area: 'tenant', message }
}
