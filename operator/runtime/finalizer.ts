import { type KubernetesClient } from './kubernetes-client.ts'
import { isNotFound } from './kubernetes-error.ts'
import { type KubernetesObject, type ResourceType } from './kubernetes-object.ts'

export function hasFinalizer(object: KubernetesObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false
}

/** Makes deletion wait for us; no request when it already does. To be called before anything is created. */
export async function addFinalizer<T extends KubernetesObject>(
  client: KubernetesClient,
  type: ResourceType,
  object: T,
  finalizer: string,
): Promise<T> {
  if (hasFinalizer(object, finalizer)) return object
  return setFinalizers<T>(client, type, object, [...(object.metadata.finalizers ?? []), finalizer])
}

/** Lets deletion go on; to be called only after everything is cleaned up. No error when the object is gone. */
export async function removeFinalizer(
  client: KubernetesClient,
  type: ResourceType,
  object: KubernetesObject,
  finalizer: string,
): Promise<void> {
  if (!hasFinalizer(object, finalizer)) return
  const rest = object.metadata.finalizers?.filter(name => name !== finalizer) ?? []
  try {
    await setFinalizers(client, type, object, rest)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

/** The resource version makes it a conflict, and so another try, when somebody else changed the list meanwhile. */
function setFinalizers<T extends KubernetesObject>(
  client: KubernetesClient,
  type: ResourceType,
  object: KubernetesObject,
  finalizers: readonly string[],
): Promise<T> {
  const { resourceVersion, uid } = object.metadata
  return client.mergePatch<T>(type, object.metadata, { metadata: { finalizers, resourceVersion, uid } })
}
