import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { objectMetadata } from './metadata.ts'
import { names } from './names.ts'

export interface ServiceAccount extends KubernetesObject {
  readonly automountServiceAccountToken: boolean
}

/** An identity without rights: the pods never talk to the API server. */
export function serviceAccount(pipeline: RagPipeline): ServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: objectMetadata(pipeline, names.serviceAccount(pipeline)),
    automountServiceAccountToken: false,
  }
}
