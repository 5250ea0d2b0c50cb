import { collectionFingerprint } from './collection-spec.ts'
import { type Archive, isOf } from './archive.ts'
import type { DesiredTenant } from './desired.ts'
import type { ObservedTenant } from './observed.ts'
import type { Obstacle } from './steps.ts'

/** The archive that a tenant is to be made of, what is in the way of that, or null: it is made empty, or is there already. */
export type Restoration = { readonly archive: string } | { readonly obstacle: Obstacle } | null

/**
 * Which archive a tenant that is not there yet is made of. Only the resource that an archive was taken of may have it
 * back, so that nobody reads another team's data by the name of a schema; vectors of another model are no use to anybody.
 * Pure.
 */
export function chooseArchive(desired: DesiredTenant, { row, schema, archives }: ObservedTenant): Restoration {
  if (desired.restore === undefined || row || schema.exists) return null
  const own = archives.filter(archive => isOf(archive, desired.owner))
  const archive = own.find(one => one.schema === desired.restore)
  if (!archive) return obstacle('Unrepairable', `there is no snapshot ${desired.restore} of this resource to restore; ${choice(own)}`) // prettier-ignore
  const { fingerprint } = archive.about
  const wanted = collectionFingerprint(desired.vectors)
  if (fingerprint !== null && fingerprint !== wanted)
    return obstacle('Unrepairable', `snapshot ${archive.schema} holds vectors of the embedding generation ${fingerprint}, and the pipeline has ${wanted}; set its embedding model back to restore it`) // prettier-ignore
  return { archive: archive.schema }
}

function choice(own: readonly Archive[]): string {
  const named = own.map(({ schema, about }) => `${schema} of ${about.taken_at}`).join(', ')
  return named === '' ? 'there is none; take the annotation away to have an empty tenant' : `there is ${named}`
}

function obstacle(reason: Obstacle['reason'], message: string): Restoration {
  return { obstacle: { reason, area: 'tenant', message } }
}
