import { API_VERSION } from '../../crds/definition.ts'
import { type Tenant } from '../observe/resources.ts'
import { type KubernetesObject } from '../runtime/kubernetes-object.ts'
import { MANAGED_BY } from './labels.ts'

/** Field of the Secret that holds the key; `url` beside it says where to use it. */
export const API_KEY_FIELD = 'api-key'
export const KEY_LABEL = 'selfrag.io/api-key'

export interface ApiKeySecret extends KubernetesObject {
  readonly type: 'Opaque'
  /** base64 */
  readonly data: Readonly<Record<string, string>>
}

/** What the Secrets of a tenant's keys are found by. */
export function apiKeyLabels(tenant: Tenant): Record<string, string> {
  return {
    'app.kubernetes.io/part-of': 'selfrag',
    'app.kubernetes.io/managed-by': MANAGED_BY,
    'selfrag.io/tenant': tenant.metadata.name,
  }
}

/** The Secret with a tenant's API key, for the applications that use it. Pure. */
export function apiKeySecret(
  tenant: Tenant,
  keyName: string,
  secretName: string,
  key: string,
  apiUrl: string,
): ApiKeySecret {
  const { name, namespace, uid } = tenant.metadata
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secretName,
      namespace,
      labels: { ...apiKeyLabels(tenant), [KEY_LABEL]: keyName },
      ownerReferences: [
        { apiVersion: API_VERSION, kind: 'RagTenant', name, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    type: 'Opaque',
    data: { [API_KEY_FIELD]: base64(key), url: base64(apiUrl) },
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
