import { type Informer } from './informer.ts'
import { type KubernetesClient } from './kubernetes-client.ts'
import { type KubernetesObject, objectKey, type ObjectRef } from './kubernetes-object.ts'
import { type OwnWrites } from './own-writes.ts'

/**
 * For one term of leadership, reads objects from a cache where that cannot be older than what was acted on: by this
 * process, or by the leader before, which may have seen more than this replica's watch has. So the first read of each
 * object is the API server's, and so is each one until the watch has shown what that gave and what was written here.
 */
export function freshReads<T extends KubernetesObject>(
  cache: Pick<Informer<T>, 'type' | 'get'>,
  client: Pick<KubernetesClient, 'get'>,
  own: OwnWrites,
): (ref: ObjectRef) => Promise<T | null> {
  const { type } = cache
  const seen = new Set<string>()
  return async ref => {
    const cached = cache.get(ref)
    if (cached && seen.has(objectKey(ref)) && !own.isBehind(cached)) return cached
    const live = await client.get<T>(type, ref)
    own.found(type.kind, ref, live, cache.get(ref))
    if (live) seen.add(objectKey(ref))
    else seen.delete(objectKey(ref))
    return live
  }
}
