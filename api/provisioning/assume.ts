import { generationName } from '../contract/names.ts'
import type { ObservedTenant } from './observed.ts'

/** What would be observed of a tenant once its pipeline had prepared the stores: for plans that are made before. Pure. */
export function assumePipelineReady(observed: ObservedTenant): ObservedTenant {
  const { collection } = observed
  const target = collection.target ?? generationName(collection.alias, 1)
  return { ...observed, pipelineReady: true, collection: { ...collection, target } }
}
