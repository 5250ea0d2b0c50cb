import { type Obstacle } from '../../api/provisioning/steps.ts'
import { describeReceipt, type ErasureReceipt } from '../../api/provisioning/erasure-receipt.ts'
import { type Erasure, type ProvisioningStores, Unfinished } from '../../api/provisioning/stores.ts'
import { type Pipeline, type Tenant } from '../observe/resources.ts'
import { type MissingSecret } from '../observe/secrets.ts'
import { fails, holds, sentences } from '../plan/findings.ts'
import { describe } from '../plan/missing-secrets.ts'
import { withoutPlan } from '../plan/plan-status.ts'
import { type StoreAddress } from '../plan/store-address.ts'
import { type StoreFault } from '../plan/store-fault.ts'
import { type Finding, setConditions } from '../runtime/conditions.ts'
import { type ReconcileResult } from '../runtime/controller.ts'
import { type ResourceType } from '../runtime/kubernetes-object.ts'
import { conclude, nextLook } from './conclusion.ts'
import { type OperatorContext, SLOW_RETRY_MS } from './context.ts'

/** A clean-up that has to succeed before a deleted resource may go. */
export interface Removal {
  readonly type: ResourceType
  readonly resource: Pipeline | Tenant
  /** Key of the pipeline whose stores are to be cleaned. */
  readonly pipeline: string
  readonly address: StoreAddress | null
  readonly missing: readonly MissingSecret[]
  /** The pipeline has met it already and wakes whoever waits when it has ended: nothing is tried until then. */
  readonly knownFault: StoreFault | null
  /** Of the Secrets. */
  readonly namespace: string
  /** Nothing is erased, so that stores which nobody can open any more are no reason to wait. */
  readonly retains: boolean
  readonly work: (stores: ProvisioningStores) => Promise<Cleaned>
}

interface Cleaned {
  readonly obstacles: readonly Obstacle[]
  readonly erased: Erasure
  /** Of all attempts together; null when there was nothing to erase. */
  readonly receipt?: ErasureReceipt | null
}

/** Why a deleted resource is held. */
export const PROTECTED =
  'spec.deletionProtection is true, so nothing is cleaned up; Kubernetes cannot take a deletion back: set it to false to let the resource go'
const ESCAPE = 'to delete it without cleaning up, remove its finalizers'

/** @returns null when everything is cleaned up; else the resource waits, and its condition says for what */
export async function cleanUp(context: OperatorContext, removal: Removal): Promise<ReconcileResult | null> {
  const { type, resource, address } = removal
  if (!address) {
    const missing = sentences(removal.missing.map(secret => describe(removal.namespace, secret)))
    // `kubectl delete -f` takes the Secret along; what is kept needs no clean-up.
    if (removal.retains) return letGo(context, resource, `kept as it is, without a mark that it may be taken up again: ${missing}`) // prettier-ignore
    return wait(context, type, resource, 'SecretMissing', `nothing was erased yet: ${missing}; ${ESCAPE}`)
  }
  if (removal.knownFault) {
    const { reason, message } = removal.knownFault
    return wait(context, type, resource, reason, `${message}; ${ESCAPE}`)
  }
  try {
    const { obstacles, erased, receipt } = await context.withStores(removal.pipeline, address, removal.work)
    const [first] = obstacles
    if (first) return wait(context, type, resource, first.reason, sentences(obstacles.map(({ message }) => message)))
    if (receipt) tellReceipt(context, resource, receipt)
    else tellCleanUp(context, resource, removal.retains, erased)
    return null
  } catch (error) {
    if (error instanceof Unfinished) return goOn(context, type, resource, error.message)
    const fault = context.faultOf(error)
    if (!fault) throw error
    await wait(context, type, resource, fault.reason, `${fault.message}; ${ESCAPE}`)
    return nextLook(context, fault)
  }
}

function tellReceipt({ events }: OperatorContext, resource: Pipeline | Tenant, receipt: ErasureReceipt): void {
  events.record(resource, {
    type: 'Normal',
    reason: 'ErasureReceipt',
    action: 'Delete',
    note: describeReceipt(receipt),
  })
}

function tellCleanUp(
  { events }: OperatorContext,
  resource: Pipeline | Tenant,
  retains: boolean,
  erased: Erasure,
): void {
  const note = retains ? 'schemas, collections and their content stay' : `erased ${erased.rows} rows and ${erased.points} points` // prettier-ignore
  events.record(resource, { type: 'Normal', reason: 'CleanedUp', action: 'Delete', note })
}

const AT_ONCE = 100

/** More of the same is to be done; other resources have their turn in between. */
async function goOn(
  context: OperatorContext,
  type: ResourceType,
  resource: Pipeline | Tenant,
  message: string,
): Promise<ReconcileResult> {
  const findings = [
    fails('Ready', 'Archiving', `it is being deleted: ${message}`),
    holds('Progressing', 'Archiving', message),
  ]
  await tell(context, type, resource, findings)
  return { requeueAfterMs: AT_ONCE }
}

function letGo(context: OperatorContext, resource: Pipeline | Tenant, note: string): null {
  context.events.record(resource, { type: 'Warning', reason: 'NotReleased', action: 'Delete', note })
  return null
}

/**
 * Where no policy made the API server refuse (crds/deletion-protection.ts), the finalizer holds what is protected.
 * @returns null when it is not protected
 */
export async function holdProtected(
  context: OperatorContext,
  type: ResourceType,
  resource: Pipeline | Tenant,
): Promise<ReconcileResult | null> {
  return resource.spec.deletionProtection ? wait(context, type, resource, 'DeletionProtected', PROTECTED) : null
}

/** Tells why a deleted resource is still there. */
export async function wait(
  context: OperatorContext,
  type: ResourceType,
  resource: Pipeline | Tenant,
  reason: string,
  message: string,
): Promise<ReconcileResult> {
  const findings = [
    fails('Ready', reason, `it is being deleted: ${message}`),
    fails('Progressing', 'Blocked', 'waits until somebody has done what the condition Ready says'),
  ]
  await tell(context, type, resource, findings)
  return { requeueAfterMs: SLOW_RETRY_MS }
}

async function tell(
  context: OperatorContext,
  type: ResourceType,
  resource: Pipeline | Tenant,
  findings: readonly Finding[],
): Promise<void> {
  const before = withoutPlan(resource.status ?? {})
  const conditions = setConditions(before.conditions ?? [], findings, resource.metadata.generation, context.now())
  await conclude(context, type, resource, findings, { ...before, conditions })
}
