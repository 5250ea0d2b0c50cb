import type { V2HorizontalPodAutoscalerSpec } from '@kubernetes/client-node'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { objectMetadata } from './metadata.ts'
import { names } from './names.ts'

export interface HorizontalPodAutoscaler extends KubernetesObject {
  readonly spec: V2HorizontalPodAutoscalerSpec
}

/** Scales the API pods by the CPU that they use; null when the spec does not ask for it. */
export function horizontalPodAutoscaler(pipeline: RagPipeline): HorizontalPodAutoscaler | null {
  const { autoscaling } = pipeline.spec.api
  if (!autoscaling) return null
  const name = names.deployment(pipeline, 'api')
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: objectMetadata(pipeline, name, 'api'),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: autoscaling.minReplicas,
      maxReplicas: autoscaling.maxReplicas,
      metrics: [
        {
          type: 'Resource',
          resource: {
            name: 'cpu',
            target: { type: 'Utilization', averageUtilization: autoscaling.targetCPUUtilizationPercentage },
          },
        },
      ],
    },
  }
}
