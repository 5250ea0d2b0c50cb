import { API_VERSION, ROTATE_ANNOTATION } from '../../crds/definition.ts'
import { type Tenant } from '../observe/resources.ts'
import { type KubernetesObject } from '../runtime/kubernetes-object.ts'
import { MANAGED_BY } from './labels.ts'

/** Field of the Secret that holds the key; `url` beside it says where to use it. */
export const API_KEY_FIELD = 'api-key'
export const KEY_LABEL = 'selfrag.io/api-key'

/** On the Secret: values of ROTATE_ANNOTATION, at the tenant and at the Secret itself, that the key in it answers. */
export const answered = {
  tenant: 'selfrag.io/rotated-for-tenant',
  secret: 'selfrag.io/rotated-for-secret',
} as const

/** What people have asked for: at the tenant for all of its keys, at the Secret for the one in it. */
function requests(tenant: Tenant, secret: KubernetesObject | null) {
  return {
    tenant: tenant.metadata.annotations?.[ROTATE_ANNOTATION],
    secret: secret?.metadata.annotations?.[ROTATE_ANNOTATION],
  }
}

/** Whether somebody has asked for another key than the one in this Secret. Taking the annotation away asks for nothing. */
export function rotationAsked(tenant: Tenant, secret: KubernetesObject): boolean {
  const asked = requests(tenant, secret)
  const isNew = (value: string | undefined, name: string) =>
    value !== undefined && value !== secret.metadata.annotations?.[name]
  return isNew(asked.tenant, answered.tenant) || isNew(asked.secret, answered.secret)
}

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

export interface ApiKeyPlace {
  readonly tenant: Tenant
  readonly keyName: string
  readonly secretName: string
  /** What is at that place now. */
  readonly before: KubernetesObject | null
}

/**
 * The Secret with a tenant's API key, for the applications that use it. It bears what was asked for until now, so that
 * the key and the note that it is the answer are written in one request. Pure.
 */
export function apiKeySecret(
  { tenant, keyName, secretName, before }: ApiKeyPlace,
  key: string,
  apiUrl: string,
): ApiKeySecret {
  // prettier-ignore
  const { name, namespace, uid } = tenant.metadata
  const asked = requests(tenant, before)
  const known = before?.metadata.annotations
  // A request that was taken back and made again in the same words is no new one.
  const notes = {
    [answered.tenant]: asked.tenant ?? known?.[answered.tenant],
    [answered.secret]: asked.secret ?? known?.[answered.secret],
  }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: secretName,
      namespace,
      labels: { ...apiKeyLabels(tenant), [KEY_LABEL]: keyName },
      annotations: Object.fromEntries(Object.entries(notes).filter(([, value]) => value !== undefined)) as Record<string, string>, // prettier-ignore
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
