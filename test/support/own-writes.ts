import { type KubernetesObject } from '../../operator/runtime/kubernetes-object.ts'
import { type OwnWrites } from '../../operator/runtime/own-writes.ts'

/** A write that has been answered with this object. */
export async function written(own: OwnWrites, object: KubernetesObject): Promise<void> {
  const answer = Promise.resolve(object)
  own.begin(object.kind, object.metadata, answer)
  await answer
  // Whatever was waiting for the answer is told in the next turn.
  await new Promise(resolve => setImmediate(resolve))
}
