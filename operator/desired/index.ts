import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { backupCronJob } from './backup-cron-job.ts'
import { configMap } from './config-map.ts'
import { apiDeployment } from './deployment-api.ts'
import { workerDeployment } from './deployment-worker.ts'
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts'
import { ingress } from './ingress.ts'
import { networkPolicy } from './network-policy.ts'
import { podDisruptionBudget } from './pod-disruption-budget.ts'
import type { WorkloadContext } from './pod-template.ts'
import { serviceAccount } from './service-account.ts'
import { prometheusRule } from './prometheus-rule.ts'
import { serviceMonitor } from './service-monitor.ts'
import { service, workerService } from './service.ts'

/**
 * The Kubernetes objects of a pipeline, in the order in which they are applied: what pods need before the pods, and what
 * acts upon pods after them. Which objects there are depends on the spec alone: of what is not here but had been made for
 * the pipeline, the operator removes `disposableTypes` (operator/observe/resource-types.ts).
 *
 * Stores must have been prepared before: the pods expect the control schema. `spec.suspend` is not looked at here; a suspended
 * pipeline is not reconciled at all.
 */
export function desiredObjects(pipeline: RagPipeline, context: WorkloadContext): readonly KubernetesObject[] {
  return [
    serviceAccount(pipeline),
    configMap(pipeline),
    service(pipeline),
    workerService(pipeline),
    networkPolicy(pipeline, 'migrate', context),
    networkPolicy(pipeline, 'backup', context),
    networkPolicy(pipeline, 'worker', context),
    networkPolicy(pipeline, 'api', context),
    podDisruptionBudget(pipeline, 'worker'),
    podDisruptionBudget(pipeline, 'api'),
    workerDeployment(pipeline, context),
    apiDeployment(pipeline, context),
    horizontalPodAutoscaler(pipeline),
    ingress(pipeline),
    serviceMonitor(pipeline),
    prometheusRule(pipeline),
    backupCronJob(pipeline, context),
  ].filter(object => object !== null)
}
