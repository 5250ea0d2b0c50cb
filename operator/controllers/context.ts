import { type PlanHooks } from '../../api/provisioning/apply.ts'
import { type ProvisioningStores } from '../../api/provisioning/stores.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { type StoreAddress } from '../plan/store-address.ts'
import { type StoreFault } from '../plan/store-fault.ts'
import { type EventRecorder } from '../runtime/events.ts'
import { type KubernetesClient } from '../runtime/kubernetes-client.ts'
import { type Absence } from '../runtime/kubernetes-error.ts'
import { type KubernetesObject, type ObjectRef, type ResourceType } from '../runtime/kubernetes-object.ts'

/** What both reconcilers work with; made once for each term of leadership. */
export interface OperatorContext {
  /** Refuses to write when leadership is lost. */
  readonly client: KubernetesClient
  readonly events: EventRecorder
  /** Uid of the namespace kube-system: tells this cluster's markers from another's. */
  readonly cluster: string
  /** Everything is only planned. */
  readonly dryRun: boolean
  /** Image of pipelines that name none. */
  readonly image: string
  readonly now: () => Date
  /** In how many milliseconds what cannot be watched (Postgres, the vector store) is looked at again; differs each time. */
  readonly resyncMs: () => number
  /** How long a proof of a tenant's isolation is good for. */
  readonly isolationCheckMs: number
  readonly countIsolationCheck: (isolated: boolean) => void
  /** As the watch has seen it, and never older than what was written here. */
  readonly tenant: (ref: ObjectRef) => Promise<Tenant | null>
  /** RagTenants as the watch has seen them. */
  readonly tenants: () => readonly Tenant[]
  /** Objects of `disposableTypes` that bear the operator's label, as the watch has seen them. */
  readonly disposable: () => readonly KubernetesObject[]
  /** Why an optional kind cannot be used in a namespace, as the watch has found out; null when it can. */
  readonly absence: (type: ResourceType, namespace: string) => Absence | null
  /** As the API server has them now, in the namespaces that are watched. */
  readonly listTenants: () => Promise<readonly Tenant[]>
  /** As the watch has seen it, which wakes the tenants of one that changes; asked for when it has not seen it. */
  readonly pipeline: (ref: ObjectRef) => Promise<Pipeline | null>
  /** Where a pipeline's stores are; null when a Secret that is needed for it is missing. */
  readonly addressOf: (pipeline: Pipeline) => Promise<StoreAddress | null>
  readonly withStores: <T>(
    pipeline: string,
    address: StoreAddress,
    work: (stores: ProvisioningStores) => Promise<T>,
  ) => Promise<T>
  /** Has a pipeline reconciled soon. */
  readonly lookAtPipeline: (pipeline: string) => void
  readonly forgetStores: (pipeline: string) => void
  readonly faultOf: (error: unknown) => StoreFault | null
  /** Around each step in a store; throws when the step must not be taken (any more). */
  readonly hooks: PlanHooks
}

/** How long until a fault that a person has to mend is looked at again, if no watch tells before. */
export const SLOW_RETRY_MS = 60_000
