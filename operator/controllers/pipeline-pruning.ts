import { type Drift } from '../../api/provisioning/steps.ts'
import { prune } from '../apply/prune.ts'
import { typeOf } from '../observe/resource-types.ts'
import { type Pipeline } from '../observe/resources.ts'
import { appliedHashes } from '../plan/object-decision.ts'
import { decidePruning, type PruningDecision, unwantedObjects } from '../plan/pruning.ts'
import { type KubernetesObject, objectName } from '../runtime/kubernetes-object.ts'
import { type OperatorContext } from './context.ts'

/**
 * Removes what the operator has made for this pipeline and its spec does not ask for any more.
 * @returns what the drift policy leaves there
 */
export async function removeUnwanted(
  context: OperatorContext,
  pipeline: Pipeline,
  wanted: readonly KubernetesObject[],
): Promise<readonly Drift[]> {
  const { remove, left } = await decideUnwanted(context, pipeline, wanted)
  await prune(context.client, remove)
  for (const object of remove)
    context.events.record(pipeline, { type: 'Normal', reason: 'Removed', action: 'Remove', note: `${objectName(object)}: the spec does not ask for it` }) // prettier-ignore
  return left
}

/** What of it would go; removes nothing. */
export async function decideUnwanted(
  { client, disposable }: Pick<OperatorContext, 'client' | 'disposable'>,
  pipeline: Pipeline,
  wanted: readonly KubernetesObject[],
): Promise<PruningDecision> {
  const suspects = unwantedObjects(pipeline, wanted, disposable())
  if (suspects.length === 0) return { remove: [], left: [] }
  // The cache may be behind: what it shows can be gone, or somebody else's by now.
  const live = await Promise.all(suspects.map(object => client.get(typeOf(object), object.metadata)))
  const unwanted = unwantedObjects(pipeline, wanted, live.filter(object => object !== null)) // prettier-ignore
  return decidePruning(unwanted, { drift: pipeline.spec.driftPolicy, applied: appliedHashes(pipeline.status?.objects) })
}
