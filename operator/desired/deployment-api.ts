import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import { deployment, type Deployment } from './deployment.ts'
import type { WorkloadContext } from './pod-template.ts'

/** The pods that answer HTTP requests. */
export function apiDeployment(pipeline: RagPipeline, context: WorkloadContext): Deployment {
  const { autoscaling, replicas } = pipeline.spec.api
  return deployment(pipeline, 'api', autoscaling ? undefined : replicas, context)
}
