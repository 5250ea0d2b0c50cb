import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import { deployment, type Deployment } from './deployment.ts'
import type { WorkloadContext } from './pod-template.ts'

/** The pods that ingest documents. */
export function workerDeployment(pipeline: RagPipeline, context: WorkloadContext): Deployment {
  return deployment(pipeline, 'worker', pipeline.spec.worker.replicas, context)
}
