import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { objectLabels } from './labels.ts'
import { objectMetadata } from './metadata.ts'
import { names } from './names.ts'

/** The fields that are used of it; its CRD is the Prometheus operator's. */
export interface ServiceMonitor extends KubernetesObject {
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> }
    readonly endpoints: readonly { readonly port: string; readonly path: string; readonly interval: string }[]
  }
}

/** Has Prometheus scrape API and worker pods through their Services; null when the spec does not ask for it. */
export function serviceMonitor(pipeline: RagPipeline): ServiceMonitor | null {
  const { serviceMonitor: enabled, labels } = pipeline.spec.monitoring
  if (!enabled) return null
  const metadata = objectMetadata(pipeline, names.monitoring(pipeline))
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { ...metadata, labels: { ...labels, ...metadata.labels } },
    spec: {
      selector: { matchLabels: objectLabels(pipeline) },
      endpoints: [{ port: 'http', path: '/metrics', interval: '30s' }],
    },
  }
}
