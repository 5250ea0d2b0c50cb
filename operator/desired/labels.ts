import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { Component, JobComponent } from './names.ts'

export const MANAGED_BY = 'selfrag-operator'

/** What Deployments and the Service select pods by. Can never change: a Deployment's selector is immutable. */
export function selectorLabels(pipeline: RagPipeline, component: Component | JobComponent): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'selfrag',
    'app.kubernetes.io/instance': pipeline.metadata.name,
    'app.kubernetes.io/component': component,
  }
}

/** Labels of an object of the pipeline; without a component for what api and worker share. */
export function objectLabels(pipeline: RagPipeline, component?: Component | JobComponent): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'selfrag',
    'app.kubernetes.io/instance': pipeline.metadata.name,
    ...(component ? { 'app.kubernetes.io/component': component } : {}),
    'app.kubernetes.io/part-of': 'selfrag',
    'app.kubernetes.io/managed-by': MANAGED_BY,
  }
}
