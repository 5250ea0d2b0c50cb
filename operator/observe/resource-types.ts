import { API_VERSION } from '../../crds/definition.ts'
import { ragPipelineDefinition } from '../../crds/rag-pipeline.ts'
import { ragTenantDefinition } from '../../crds/rag-tenant.ts'
import { type KubernetesObject, type ResourceType } from '../runtime/kubernetes-object.ts'

const namespaced = (apiVersion: string, kind: string, plural: string): ResourceType => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
})

/** Of the Prometheus operator. */
const monitoring = (kind: string, plural: string): ResourceType => ({
  ...namespaced('monitoring.coreos.com/v1', kind, plural),
  optional: true,
})

/** Every kind that the operator reads or writes, and where the API server serves it. */
export const types = {
  pipelines: namespaced(API_VERSION, ragPipelineDefinition.kind, ragPipelineDefinition.plural),
  tenants: namespaced(API_VERSION, ragTenantDefinition.kind, ragTenantDefinition.plural),
  deployments: namespaced('apps/v1', 'Deployment', 'deployments'),
  jobs: namespaced('batch/v1', 'Job', 'jobs'),
  cronJobs: namespaced('batch/v1', 'CronJob', 'cronjobs'),
  pods: namespaced('v1', 'Pod', 'pods'),
  services: namespaced('v1', 'Service', 'services'),
  serviceAccounts: namespaced('v1', 'ServiceAccount', 'serviceaccounts'),
  configMaps: namespaced('v1', 'ConfigMap', 'configmaps'),
  secrets: namespaced('v1', 'Secret', 'secrets'),
  horizontalPodAutoscalers: namespaced('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  podDisruptionBudgets: namespaced('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  networkPolicies: namespaced('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  ingresses: namespaced('networking.k8s.io/v1', 'Ingress', 'ingresses'),
  serviceMonitors: monitoring('ServiceMonitor', 'servicemonitors'),
  prometheusRules: monitoring('PrometheusRule', 'prometheusrules'),
  namespaces: { apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false },
} as const satisfies Record<string, ResourceType>

/**
 * Kinds of a pipeline's objects that are watched because they are the operator's own, by the label that it gives them.
 * ConfigMaps and Secrets are watched too, all of them: any can be referred to.
 */
export const ownedTypes: readonly ResourceType[] = [
  types.deployments,
  types.jobs,
  types.cronJobs,
  types.services,
  types.serviceAccounts,
  types.horizontalPodAutoscalers,
  types.podDisruptionBudgets,
  types.networkPolicies,
  types.ingresses,
  types.serviceMonitors,
  types.prometheusRules,
]

/** Kinds of which a change of the spec can leave an object behind that is wanted no more. */
export const disposableTypes: readonly ResourceType[] = [
  types.cronJobs,
  types.services,
  types.horizontalPodAutoscalers,
  types.networkPolicies,
  types.ingresses,
  types.serviceMonitors,
  types.prometheusRules,
]

/** @throws TypeError for a kind that the operator does not handle */
export function typeOf(object: KubernetesObject): ResourceType {
  const type = Object.values(types).find(({ kind, apiVersion }) => kind === object.kind && apiVersion === object.apiVersion) // prettier-ignore
  if (!type) throw new TypeError(`the operator does not handle ${object.apiVersion} ${object.kind}`)
  return type
}
