import { type Drift } from '../../api/provisioning/steps.ts'
import { type RagPipeline } from '../../crds/rag-pipeline.ts'
import { objectLabels } from '../desired/labels.ts'
import { type ObjectPolicy } from './object-decision.ts'
import { type KubernetesObject, objectName } from '../runtime/kubernetes-object.ts'

/**
 * Objects that the operator has made for a pipeline and that its spec does not ask for (any more). An object counts as
 * ours when it bears our labels and this very resource controls it; whatever else is called like that is left alone. Pure.
 * @param wanted all that the spec asks for
 * @param found what there is, of the kinds that may be removed, whoever made it
 */
export function unwantedObjects(
  pipeline: Pick<RagPipeline, 'metadata'>,
  wanted: readonly KubernetesObject[],
  found: readonly KubernetesObject[],
): KubernetesObject[] {
  const keep = new Set(wanted.map(objectName))
  return found.filter(object => isOurs(pipeline, object) && !keep.has(objectName(object)))
}

export interface PruningDecision {
  readonly remove: readonly KubernetesObject[]
  /** What somebody has put (back) there: it was not the spec that changed. */
  readonly left: readonly Drift[]
}

/**
 * Which unwanted objects go under a drift policy. What the operator has applied has become unwanted by a change of the
 * spec, and goes whatever the policy; the rest was put (back) there by somebody.
 * @param applied what had been applied, by `Kind/name`
 */
export function decidePruning(
  unwanted: readonly KubernetesObject[],
  { drift, applied }: Pick<ObjectPolicy, 'drift' | 'applied'>,
): PruningDecision {
  const goes = (object: KubernetesObject) => drift === 'Enforce' || applied.has(objectName(object))
  const tell = (object: KubernetesObject): Drift => ({ object: objectName(object), field: 'existence', wanted: 'absent', found: 'present' }) // prettier-ignore
  return { remove: unwanted.filter(goes), left: unwanted.filter(object => !goes(object)).map(tell) }
}

function isOurs(pipeline: Pick<RagPipeline, 'metadata'>, { metadata }: KubernetesObject): boolean {
  const labels = objectLabels(pipeline as RagPipeline)
  return (
    metadata.namespace === pipeline.metadata.namespace &&
    metadata.deletionTimestamp === undefined &&
    Object.entries(labels).every(([name, value]) => metadata.labels?.[name] === value) &&
    metadata.ownerReferences?.some(({ uid, controller }) => controller && uid === pipeline.metadata.uid) === true
  )
}
