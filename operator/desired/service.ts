import type { V1ServiceSpec } from '@kubernetes/client-node'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { selectorLabels } from './labels.ts'
import { objectMetadata } from './metadata.ts'
import { names, PORT } from './names.ts'

export interface Service extends KubernetesObject {
  readonly spec: V1ServiceSpec
}

/** Lets Prometheus find the workers, one by one; null when the spec asks for no ServiceMonitor. */
export function workerService(pipeline: RagPipeline): Service | null {
  if (!pipeline.spec.monitoring.serviceMonitor) return null
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: objectMetadata(pipeline, names.workerService(pipeline), 'worker'),
    spec: {
      type: 'ClusterIP',
      clusterIP: 'None',
      selector: selectorLabels(pipeline, 'worker'),
      ports: [{ name: 'http', port: PORT, targetPort: 'http', protocol: 'TCP' }],
    },
  }
}

/** Where applications reach the API pods that are ready. */
export function service(pipeline: RagPipeline): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: objectMetadata(pipeline, names.service(pipeline), 'api'),
    spec: {
      type: 'ClusterIP',
      selector: selectorLabels(pipeline, 'api'),
      ports: [{ name: 'http', port: PORT, targetPort: 'http', protocol: 'TCP' }],
    },
  }
}
