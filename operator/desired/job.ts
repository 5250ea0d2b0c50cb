import type { V1EnvVar, V1JobSpec } from '@kubernetes/client-node'
import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { secretEnv, userEnv } from './container.ts'
import { plainVariables } from './environment.ts'

export interface Job extends KubernetesObject {
  readonly spec: V1JobSpec
}

/** Annotation of a Job: the image that it runs, for people. */
export const JOB_IMAGE = 'selfrag.io/image'

/** Where a program leaves why it failed, for a condition to tell. */
export const TERMINATION_LOG = '/dev/termination-log'

/**
 * The API's environment, without the admin token, which is for requests. Written out, because the ConfigMap belongs to the
 * pods that serve, and changes with them.
 */
export function jobEnvironment(pipeline: RagPipeline): V1EnvVar[] {
  const plain = Object.entries(plainVariables(pipeline)).map(([name, value]) => ({ name, value }))
  const secrets = secretEnv(pipeline).filter(({ name }) => name !== 'ADMIN_TOKEN')
  return [...plain, ...secrets, ...pipeline.spec.api.env.map(userEnv)]
}
