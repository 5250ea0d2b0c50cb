import { type ObservedTenant } from '../../api/provisioning/observed.ts'
import { type TenantUsage } from '../../api/provisioning/observe-usage.ts'
import { type Drift, type Obstacle } from '../../api/provisioning/steps.ts'
import { type IsolationProof } from '../../api/provisioning/verify-isolation.ts'
import { type StoreFault } from './store-fault.ts'

/** What one reconciliation of a tenant has found out and done; status and conditions follow from it. */
export interface TenantReport {
  /** Why nothing could be done yet: what the tenant needs of its pipeline is not there. */
  readonly waiting: { readonly reason: string; readonly message: string } | null
  readonly fault: StoreFault | null
  readonly obstacles: readonly Obstacle[]
  readonly drift: readonly Drift[]
  /** Declared Secrets that somebody else has made. */
  readonly takenSecrets: readonly string[]
  /** After the steps; null when the stores could not be read. */
  readonly observed: ObservedTenant | null
  /** `as before`: it was not due to be tried again, and the condition stands. */
  readonly isolation: IsolationProof | 'as before' | null
  readonly usage: TenantUsage | null
  /** Documents that count as ready while there is not one vector of the tenant. */
  readonly documentsWithoutVectors: number
}

export const nothingLookedAt: TenantReport = {
  waiting: null,
  fault: null,
  obstacles: [],
  drift: [],
  takenSecrets: [],
  observed: null,
  isolation: null,
  usage: null,
  documentsWithoutVectors: 0,
}
