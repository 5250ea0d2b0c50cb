import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { plainVariables } from './environment.ts'
import { objectMetadata } from './metadata.ts'
import { names } from './names.ts'

export interface ConfigMap extends KubernetesObject {
  readonly data: Readonly<Record<string, string>>
}

/** The environment that api and worker share, secrets excepted. */
export function configMap(pipeline: RagPipeline): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: objectMetadata(pipeline, names.configMap(pipeline)),
    data: plainVariables(pipeline),
  }
}
