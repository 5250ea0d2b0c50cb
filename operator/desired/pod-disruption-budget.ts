import type { V1PodDisruptionBudgetSpec } from '@kubernetes/client-node'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { selectorLabels } from './labels.ts'
import { objectMetadata } from './metadata.ts'
import { type Component, names } from './names.ts'

export interface PodDisruptionBudget extends KubernetesObject {
  readonly spec: V1PodDisruptionBudgetSpec
}

/**
 * One pod at a time may be evicted. Said by what may be missing, not by what must be left: with a single pod, `minAvailable:
 * 1` would keep every drain of its node from ending.
 */
export function podDisruptionBudget(pipeline: RagPipeline, component: Component): PodDisruptionBudget {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: objectMetadata(pipeline, names.deployment(pipeline, component), component),
    spec: {
      maxUnavailable: 1,
      // A pod that never becomes ready is no reason to keep its node.
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selectorLabels(pipeline, component) },
    },
  }
}
