/** Objects as the API server writes them: plain JSON, dates as strings, no field renamed. */

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

export interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly finalizers?: readonly string[]
  readonly ownerReferences?: readonly OwnerReference[]
  readonly managedFields?: readonly ManagedFields[]
}

/** Which fields somebody owns by having applied or written them. */
export interface ManagedFields {
  readonly manager?: string
  readonly operation?: string
  readonly subresource?: string
  /** `{"f:spec": {"f:replicas": {}}}` */
  readonly fieldsV1?: Readonly<Record<string, unknown>>
}

export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
}

/** Where the API server serves a kind. */
export interface ResourceType {
  /** `v1`, `apps/v1` */
  readonly apiVersion: string
  readonly kind: string
  readonly plural: string
  readonly namespaced: boolean
  /** Somebody else's CRD, which may be missing, and come and go. */
  readonly optional?: true
}

export interface ObjectRef {
  readonly name: string
  readonly namespace?: string
}

/** `namespace/name`, or the name alone for what has no namespace; work-queue keys and caches use it. */
export function objectKey(ref: ObjectRef): string {
  return ref.namespace ? `${ref.namespace}/${ref.name}` : ref.name
}

/** `Ingress/demo-api`: tells objects of one namespace apart. */
export function objectName({ kind, metadata }: KubernetesObject): string {
  return `${kind}/${metadata.name}`
}

/** The inverse of {@link objectKey}. */
export function parseKey(key: string): ObjectRef {
  const slash = key.indexOf('/')
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

/** The owner that controls an object: its name, when it is of `kind`; null otherwise. */
export function controllerOf(object: KubernetesObject, kind: string): string | null {
  const owner = object.metadata.ownerReferences?.find(reference => reference.controller)
  return owner?.kind === kind ? owner.name : null
}

/** Who has set which field, in more words than the object itself: nobody asks a cache for it. */
export function withoutManagedFields<T extends KubernetesObject>(object: T): T {
  if (!('managedFields' in object.metadata)) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}
