import { fingerprint } from '../contract/fingerprint.ts'
import { dedicatedCollection, sharedCollection } from '../contract/names.ts'
import type { Owner } from '../contract/ownership.ts'
import type { CollectionSpec } from '../stores/vectors/vector-store.ts'
import type { CollectionSettings, DesiredTenant } from './desired.ts'

/** Of collections that hold no dense vectors; no digest of a vector space looks like this. */
export const LEXICAL_FINGERPRINT = 'lexical'

export function collectionFingerprint({ space }: CollectionSettings): string {
  return space ? fingerprint(space) : LEXICAL_FINGERPRINT
}

/** The collection that these settings ask for. */
export function collectionSpec(
  settings: CollectionSettings,
  tenancy: CollectionSpec['tenancy'],
  owner: Owner,
): CollectionSpec {
  const { space, hnsw, quantization, onDisk, shardNumber, replicationFactor } = settings
  return {
    ...(space && { dense: { dimension: space.dimension, distance: space.distance } }),
    hnsw,
    tenancy,
    ...(quantization !== undefined && { quantization }),
    ...(onDisk !== undefined && { onDisk }),
    ...(shardNumber !== undefined && { shardNumber }),
    ...(replicationFactor !== undefined && { replicationFactor }),
    owner,
    fingerprint: collectionFingerprint(settings),
  }
}

/** Alias of the collection that a new tenant's points go to. `Auto` begins in the shared one. */
export function tenantCollection(desired: Pick<DesiredTenant, 'slug' | 'isolation' | 'collectionPrefix'>): string {
  return desired.isolation === 'Dedicated'
    ? dedicatedCollection(desired.collectionPrefix, desired.slug)
    : sharedCollection(desired.collectionPrefix)
}
