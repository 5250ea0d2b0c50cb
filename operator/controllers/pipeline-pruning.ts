import { type Drift } from '../../api/provisioning/steps.ts'
import { prune } from '../apply/prune.ts'
import { typeOf } from '../observe/resource-types.ts'
import { type Pipeline } from '../observe/resources.ts'
import { workloadsSettled } from '../plan/pipeline-findings.ts'
import { decidePruning, unwantedObjects } from '../plan/pruning.ts'
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
  const suspects = unwantedObjects(pipeline, wanted, context.disposable())
  if (suspects.length === 0) return []
  // The cache may be behind: what it shows can be gone, or somebody else's by now.
  const live = await Promise.all(suspects.map(object => context.client.get(typeOf(object), object.metadata)))
  const unwanted = unwantedObjects(pipeline, wanted, live.filter(object => object !== null)) // prettier-ignore
  const { driftPolicy } = pipeline.spec
  const { remove, left } = decidePruning(unwanted, driftPolicy, workloadsSettled(pipeline))
  await prune(context.client, remove)
  for (const object of remove)
    context.events.record(pipeline, { type: 'Normal', reason: 'Removed', action: 'Remove', note: `${objectName(object)}: the spec does not ask for it` }) // prettier-ignore
  return left
}
