import { isDeepStrictEqual } from 'node:util'
import { type KubernetesClient } from '../runtime/kubernetes-client.ts'
import { isNotFound } from '../runtime/kubernetes-error.ts'
import { type KubernetesObject, type ResourceType } from '../runtime/kubernetes-object.ts'

/** Writes the status when it is another one than before; a field that is no longer there is removed. */
export async function patchStatus(
  client: KubernetesClient,
  type: ResourceType,
  object: KubernetesObject & { readonly status?: object | undefined },
  status: object,
): Promise<void> {
  const before = object.status ?? {}
  if (isDeepStrictEqual(before, status)) return
  const removed = Object.keys(before).filter(key => !(key in status))
  const patch = { ...status, ...Object.fromEntries(removed.map(key => [key, null])) }
  try {
    await client.mergePatch(type, object.metadata, { status: withNulls(before, patch) }, { subresource: 'status' })
  } catch (error) {
    // It was deleted meanwhile: there is nobody left to tell.
    if (!isNotFound(error)) throw error
  }
}

/** Merge patches descend into objects: fields that vanish inside one must be named too. */
function withNulls(before: object, patch: object): object {
  const old = before as Record<string, unknown>
  const entries = Object.entries(patch).map(([key, value]) => {
    const was = old[key]
    if (!isObject(value) || !isObject(was)) return [key, value] as const
    const gone = Object.keys(was).filter(inner => !(inner in value))
    return [key, { ...withNulls(was, value), ...Object.fromEntries(gone.map(inner => [inner, null])) }] as const
  })
  return Object.fromEntries(entries)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
