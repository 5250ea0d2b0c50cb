import { API_VERSION } from '../../crds/definition.ts'
import { namespaceOf } from '../../crds/pipeline-ref.ts'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { ObjectMeta, OwnerReference } from '../runtime/kubernetes-object.ts'
import { objectLabels } from './labels.ts'
import type { Component, JobComponent } from './names.ts'

/** Metadata of an object of the pipeline: Kubernetes deletes it with its RagPipeline. */
export function objectMetadata(pipeline: RagPipeline, name: string, component?: Component | JobComponent): ObjectMeta {
  return {
    name,
    namespace: namespaceOf(pipeline),
    labels: objectLabels(pipeline, component),
    ownerReferences: [ownerReference(pipeline)],
  }
}

/** @throws TypeError for a resource without uid, which never came from an API server */
export function ownerReference(pipeline: RagPipeline): OwnerReference {
  const { name, uid } = pipeline.metadata
  if (!uid) throw new TypeError(`RagPipeline ${name} has no uid`)
  return { apiVersion: API_VERSION, kind: 'RagPipeline', name, uid, controller: true, blockOwnerDeletion: true }
}
