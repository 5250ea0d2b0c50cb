import { type Pipeline } from '../observe/resources.ts'
import { faultReasons, type StoreFault } from './store-fault.ts'

const conditions = { database: 'DatabaseReady', vectors: 'VectorStoreReady' } as const

/**
 * The fault of a store that the pipeline's own reconciliation has met and not seen end. It tries again by itself and its
 * tenants are woken when the condition changes: so that one tries, and not each of a thousand tenants. Null for a pipeline
 * that does not look at its stores any more (it is being deleted, or suspended). Pure.
 */
export function knownFault({ metadata, spec, status }: Pipeline): StoreFault | null {
  if (metadata.deletionTimestamp !== undefined || spec.suspend) return null
  for (const store of ['database', 'vectors'] as const) {
    const condition = status?.conditions?.find(({ type }) => type === conditions[store])
    const reason = faultReasons.find(candidate => candidate === condition?.reason)
    if (condition?.status === 'False' && reason) return { store, reason, message: condition.message }
  }
  return null
}
