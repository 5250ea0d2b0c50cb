import { typeOf } from '../observe/resource-types.ts'
import { type KubernetesClient } from '../runtime/kubernetes-client.ts'
import { type KubernetesObject } from '../runtime/kubernetes-object.ts'

/** Deletes these very objects: by uid, so that a newer one that somebody has given the same name stays. */
export async function prune(client: KubernetesClient, objects: readonly KubernetesObject[]): Promise<void> {
  for (const object of objects) await client.delete(typeOf(object), object.metadata)
}
