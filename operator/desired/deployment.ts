import type { V1DeploymentSpec } from '@kubernetes/client-node'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { selectorLabels } from './labels.ts'
import { objectMetadata } from './metadata.ts'
import { type Component, names } from './names.ts'
import { podTemplate, type WorkloadContext } from './pod-template.ts'

export interface Deployment extends KubernetesObject {
  readonly spec: V1DeploymentSpec
}

/** @param replicas undefined: an autoscaler or a person decides, so it is left out; see operator/apply/replicas.ts */
export function deployment(
  pipeline: RagPipeline,
  component: Component,
  replicas: number | undefined,
  context: WorkloadContext,
): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: objectMetadata(pipeline, names.deployment(pipeline, component), component),
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      revisionHistoryLimit: 3,
      selector: { matchLabels: selectorLabels(pipeline, component) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: podTemplate(pipeline, component, context),
    },
  }
}
