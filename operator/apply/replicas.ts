import { type KubernetesClient } from '../runtime/kubernetes-client.ts'
import { type KubernetesObject } from '../runtime/kubernetes-object.ts'
import { hasApplied } from '../runtime/server-side-apply.ts'
import { types } from '../observe/resource-types.ts'

/** Owns the number of pods from the moment the spec says nothing of it until an autoscaler, or a person, first scales. */
export const REPLICAS_MANAGER = 'selfrag-operator-replicas'

interface Scalable extends KubernetesObject {
  readonly spec?: { readonly replicas?: number }
}

/**
 * To be called before a Deployment is applied. A field that its only owner leaves out of an apply is removed, and the API
 * server then fills in its default: five pods would become one, until the autoscaler has noticed. So somebody else takes
 * over the number as it is first. With the version that was read, so that a scaling in between is a conflict and not undone.
 */
export async function handOverReplicas(
  client: KubernetesClient,
  wanted: Scalable,
  live: Scalable,
  from: string,
): Promise<void> {
  if (!givesUpReplicas(wanted, live, from)) return
  const { apiVersion, kind } = wanted
  const { name, namespace = '', resourceVersion = '' } = live.metadata
  const metadata = { name, namespace, resourceVersion }
  const kept = { apiVersion, kind, metadata, spec: { replicas: live.spec?.replicas } }
  await client.apply(types.deployments, kept, REPLICAS_MANAGER)
}

function givesUpReplicas(wanted: Scalable, live: Scalable, from: string): boolean {
  return (
    wanted.kind === 'Deployment' && wanted.spec?.replicas === undefined && hasApplied(live, from, ['spec', 'replicas'])
  )
}
