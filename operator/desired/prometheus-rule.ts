import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { type AlertingRule, alerts } from './alerts.ts'
import { objectMetadata } from './metadata.ts'
import { names } from './names.ts'

/** The fields that are used of it; its CRD is the Prometheus operator's. */
export interface PrometheusRule extends KubernetesObject {
  readonly spec: { readonly groups: readonly { readonly name: string; readonly rules: readonly AlertingRule[] }[] }
}

/** Alerts on what the ServiceMonitor has scraped; null when the spec does not ask for them. */
export function prometheusRule(pipeline: RagPipeline): PrometheusRule | null {
  const { prometheusRule: enabled, labels } = pipeline.spec.monitoring
  if (!enabled) return null
  const metadata = objectMetadata(pipeline, names.monitoring(pipeline))
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { ...metadata, labels: { ...labels, ...metadata.labels } },
    spec: { groups: [{ name: `selfrag.${metadata.namespace}.${metadata.name}`, rules: alerts(pipeline) }] },
  }
}
