import { isDeepStrictEqual } from 'node:util'
import { ROTATE_ANNOTATION } from '../../crds/definition.ts'
import { referencedPipeline } from '../../crds/pipeline-ref.ts'
import { backupSecrets } from '../desired/backup-cron-job.ts'
import { MANAGED_BY } from '../desired/labels.ts'
import { referencedSecrets } from '../desired/referenced-secrets.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { referencedConfigMaps } from '../plan/referenced-config-maps.ts'
import { areTwins } from '../plan/tenant-admission.ts'
import { type Informer } from '../runtime/informer.ts'
import { controllerOf, type KubernetesObject, objectKey } from '../runtime/kubernetes-object.ts'
import { type OwnWrites } from '../runtime/own-writes.ts'

/** The caches of everything that reconciling depends on. */
export interface Watched {
  readonly pipelines: Informer<Pipeline>
  readonly tenants: Informer<Tenant>
  /** The operator's own objects, a cache a kind (`ownedTypes`). */
  readonly owned: readonly Informer<KubernetesObject>[]
  /** Metadata only, all of them: any can be referred to. */
  readonly configMaps: Informer<KubernetesObject>
  /** Metadata only, so that no value stays in memory. */
  readonly secrets: Informer<KubernetesObject>
}

/** Where keys go; there is nobody to take them while this replica does not lead. */
export interface Enqueue {
  readonly pipeline: (key: string) => void
  readonly tenant: (key: string) => void
  /** For what may wait a moment and comes in crowds: one look for all of it. */
  readonly pipelineSoon: (key: string) => void
}

/** Objects of ours bear this, so that nobody else's Deployments are watched. */
export const ownedSelector = `app.kubernetes.io/managed-by=${MANAGED_BY}`

/** Says which changes concern which resources. What the operator has written itself concerns nobody. */
export function connectWatches(watched: Watched, enqueue: Enqueue, own: OwnWrites): void {
  watched.pipelines.onChange((now, before) => {
    const pipeline = now ?? before
    if (!pipeline) return
    if (isWish(now, before)) enqueue.pipeline(objectKey(pipeline.metadata))
    if (isWish(now, before) || readinessOf(now) !== readinessOf(before)) tenantsOf(watched, pipeline).forEach(enqueue.tenant)
  })
  watched.tenants.onChange((now, before) => {
    const tenant = now ?? before
    if (!tenant) return
    const look = () => enqueue.tenant(objectKey(tenant.metadata))
    if (isWish(now, before, 'but finalizers')) look()
    if (now) own.unlessOwn(now, () => void (isWish(now, before) && look()))
    else own.settle(tenant.kind, tenant.metadata)
    // The pipeline counts its tenants, and waits for the last to go.
    if (!now || !before || now.status?.schema !== before.status?.schema) enqueue.pipelineSoon(objectKey(referencedPipeline(tenant)))
    if (!now) twinsOf(watched, tenant).forEach(enqueue.tenant)
  })
  for (const owned of watched.owned) {
    owned.onAvailability(() => watched.pipelines.list().forEach(({ metadata }) => enqueue.pipeline(objectKey(metadata))))
    owned.onChange((now, before) => {
      // Both: somebody may have taken the owner reference away.
      if (concernsOwner(now, before)) for (const object of [now, before]) toOwner(object, enqueue)
    })
  }
  watched.configMaps.onChange((now, before) => {
    for (const object of [now, before]) toOwner(object, enqueue)
    for (const pipeline of referringTo(watched, now ?? before, referencedConfigMaps)) enqueue.pipeline(objectKey(pipeline.metadata))
  })
  watched.secrets.onChange((now, before) => {
    const secret = now ?? before
    const toOwners = () => [now, before].forEach(object => toOwner(object, enqueue))
    const writer = tenantOwning(now)
    // A tenant that has written a key is done with it; others that name the same Secret are not.
    if (now && writer) own.unlessOwn(now, toOwners)
    else toOwners()
    // A watch that had to list anew may show it together with our own write.
    if (rotationOf(now) !== rotationOf(before)) toOwners()
    if (before && !now) own.settle(before.kind, before.metadata)
    for (const pipeline of referringTo(watched, secret, secretNames)) {
      enqueue.pipeline(objectKey(pipeline.metadata))
      tenantsOf(watched, pipeline).forEach(enqueue.tenant)
    }
    tenantsNaming(watched, secret).filter(key => key !== writer).forEach(enqueue.tenant)
  })
} // prettier-ignore

/** Everything there is: for a replica that begins to lead. */
export function enqueueAll(watched: Watched, enqueue: Enqueue): void {
  for (const { metadata } of watched.pipelines.list()) enqueue.pipeline(objectKey(metadata))
  for (const { metadata } of watched.tenants.list()) enqueue.tenant(objectKey(metadata))
}

/**
 * Whether somebody wants something else than before, as opposed to a status that was written. Of what counts as a wish the
 * operator itself writes nothing but its finalizer.
 */
function isWish(
  now: KubernetesObject | null,
  before: KubernetesObject | null,
  which: 'all' | 'but finalizers' = 'all',
): boolean {
  if (!now || !before) return true
  const wish = ({ metadata }: KubernetesObject) => [
    metadata.uid,
    metadata.generation,
    metadata.deletionTimestamp,
    metadata.annotations,
    which === 'all' ? metadata.finalizers : null,
  ]
  return !isDeepStrictEqual(wish(now), wish(before))
}

/** Kinds whose status is part of their owner's. Of others it concerns nobody here: an autoscaler's changes all the time. */
const tellingKinds: readonly string[] = ['Deployment', 'Job', 'CronJob']

function concernsOwner(now: KubernetesObject | null, before: KubernetesObject | null): boolean {
  if (!now || !before || tellingKinds.includes(now.kind)) return true
  return !isDeepStrictEqual(withoutStatus(now), withoutStatus(before))
}

function withoutStatus(object: KubernetesObject): object {
  const { status: _, metadata, ...rest } = object as KubernetesObject & { status?: unknown }
  const { resourceVersion: __, managedFields: ___, ...kept } = metadata
  return { ...rest, metadata: kept }
}

/** What tenants wait for: a pipeline whose stores have become usable. */
function readinessOf(pipeline: Pipeline | null): string {
  const conditions = pipeline?.status?.conditions ?? []
  return ['DatabaseReady', 'VectorStoreReady'].map(area => conditions.find(({ type }) => type === area)?.status).join()
}

/** What people ask for at a key's Secret; the operator never writes it. */
function rotationOf(secret: KubernetesObject | null): string | undefined {
  return secret?.metadata.annotations?.[ROTATE_ANNOTATION]
}

function tenantOwning(object: KubernetesObject | null): string | null {
  const name = object && controllerOf(object, 'RagTenant')
  return name ? objectKey({ ...object.metadata, name }) : null
}

function toOwner(object: KubernetesObject | null, enqueue: Enqueue): void {
  if (!object) return
  const { namespace } = object.metadata
  const keyOf = (name: string) => objectKey({ name, ...(namespace ? { namespace } : {}) })
  const pipeline = controllerOf(object, 'RagPipeline')
  if (pipeline) enqueue.pipeline(keyOf(pipeline))
  const tenant = controllerOf(object, 'RagTenant')
  if (tenant) enqueue.tenant(keyOf(tenant))
}

function referringTo(
  { pipelines }: Watched,
  object: KubernetesObject | null,
  names: (pipeline: Pipeline) => readonly string[],
): Pipeline[] {
  if (!object) return []
  const { name, namespace } = object.metadata
  return pipelines
    .list()
    .filter(pipeline => pipeline.metadata.namespace === namespace && names(pipeline).includes(name))
}

function secretNames(pipeline: Pipeline): string[] {
  const { backup } = pipeline.spec
  const forBackups = backup ? backupSecrets(backup).map(({ secret }) => secret.name) : []
  return [...referencedSecrets(pipeline).map(({ name }) => name), ...forBackups]
}

/** Tenants whose key is to go into that Secret: somebody else's may have gone. */
function tenantsNaming({ tenants }: Watched, secret: KubernetesObject | null): string[] {
  const { name, namespace } = secret?.metadata ?? {}
  const naming = tenants.list().filter(({ metadata, spec }) => metadata.namespace === namespace && spec.apiKeys.some(({ secretName }) => secretName === name)) // prettier-ignore
  return naming.map(({ metadata }) => objectKey(metadata))
}

function tenantsOf({ tenants }: Watched, pipeline: Pipeline): string[] {
  const key = objectKey(pipeline.metadata)
  const using = tenants.list().filter(tenant => objectKey(referencedPipeline(tenant)) === key)
  return using.map(({ metadata }) => objectKey(metadata))
}

function twinsOf({ tenants }: Watched, tenant: Tenant): string[] {
  return tenants.list().filter(other => areTwins(tenant, other)).map(({ metadata }) => objectKey(metadata)) // prettier-ignore
}
