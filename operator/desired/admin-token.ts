import type { RagPipeline } from '../../crds/rag-pipeline.ts'
import type { KubernetesObject } from '../runtime/kubernetes-object.ts'
import { objectMetadata } from './metadata.ts'
import { names } from './names.ts'

export const ADMIN_TOKEN_KEY = 'token'

export interface AdminTokenSecret extends KubernetesObject {
  readonly type: 'Opaque'
  /** base64 */
  readonly data: Readonly<Record<string, string>>
}

/**
 * The Secret with the value of X-Admin-Token. Not in {@link desiredObjects}: the token is minted once, when the Secret is
 * not there (an explicit 404), and read ever after.
 */
export function adminTokenSecret(pipeline: RagPipeline, token: string): AdminTokenSecret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: objectMetadata(pipeline, names.adminTokenSecret(pipeline)),
    type: 'Opaque',
    data: { [ADMIN_TOKEN_KEY]: Buffer.from(token, 'utf8').toString('base64') },
  }
}
