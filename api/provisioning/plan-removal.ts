import { archiveSchema, dedicatedCollection, sharedCollection } from '../contract/names.ts'
import { type Owner, sameOwner } from '../contract/ownership.ts'
import type { TenantRow } from '../stores/postgres/rows.ts'
import type { PipelineRemoval, TenantRemoval } from './desired.ts'
import type { ObservedPipelineRemoval, ObservedRemoval } from './observed.ts'
import type { Plan, Step } from './steps.ts'

const nothing: Plan = { steps: [], obstacles: [], drift: [] }

/**
 * Steps that make a tenant go. What does not bear its owner's marker is left alone without a word: a resource that ended
 * in a Conflict must not delete what it never had. Pure.
 *
 * - Retain: the tenant is disabled, its declared keys stop working, all data stays. A resource of the same name in the
 *   same cluster takes it back (Argo CD deletes and creates); over HTTP an administrator can enable or delete it.
 * - Snapshot: the schema stays as an archive that only the product's role can read, and the points are copied into it;
 *   everything else goes. A resource of the same name can be made of it again (plan-restore.ts).
 * - Delete: nothing stays but the audit log; archives of earlier lives go too. The row goes last: as long as it is there,
 *   a crash is noticed.
 */
export function planTenantRemoval(removal: TenantRemoval, observed: ObservedRemoval): Plan {
  const { row } = observed
  if (row && !sameOwner(row.owner, removal.owner) && !removal.adopt) return nothing
  const secrets: Step[] =
    observed.vaultNames.length > 0 ? [{ kind: 'forget-secrets', slug: removal.slug, names: observed.vaultNames }] : []
  if (removal.policy !== 'Retain') return { ...nothing, steps: [...secrets, ...erasure(removal, observed)] }
  const release: Step[] = !row || row.released_at ? [] : [{ kind: 'release-tenant', slug: removal.slug, id: row.id }]
  return { ...nothing, steps: [...secrets, ...release] }
}

/** Whose markers are the tenant's: its resource's, and those of the owner before that it was to take over from. */
export function ownersOf({ owner, adopt }: TenantRemoval, row: TenantRow | null): readonly Owner[] {
  return adopt && row ? [owner, row.owner] : [owner]
}

function erasure(removal: TenantRemoval, observed: ObservedRemoval): Step[] {
  const { slug } = removal
  const { row, role, schema } = observed
  const steps: Step[] = []
  const keeps = removal.policy === 'Snapshot'
  const tenantId = row?.id ?? null
  const { owner } = removal
  const archive = {
    slug,
    tenantId,
    owner,
    archive: archiveSchema(tenantId ?? owner.uid),
    fingerprint: observed.fingerprint,
  }
  // First, so that nobody writes while the rest goes.
  if (row && row.status !== 'disabled')
    steps.push({ kind: 'disable-tenant', slug, id: row.id, why: 'it is being deleted' })
  if (row && observed.move) steps.push({ kind: 'cancel-move', slug, id: row.id })
  const ours =
    schema.exists && ownersOf(removal, row).some(one => schema.marker !== null && sameOwner(schema.marker, one))
  if (ours) {
    if (!role.granted || schema.ownedBy !== role.name || schema.strayTables.length > 0)
      steps.push({ kind: 'grant-schema', slug, missing: ['rights to remove it'] })
    steps.push(keeps ? { kind: 'archive-schema', ...archive } : { kind: 'drop-schema', slug, tenantId })
  }
  if (role.exists && (ours || !schema.exists)) steps.push({ kind: 'drop-role', slug })
  // After the schema: a worker that was in the middle of a document cannot read it any more, and stores nothing anew.
  if (keeps && row && observed.points > 0)
    steps.push({ kind: 'archive-points', ...archive, tenantId: row.id, collection: observed.collection.alias })
  if (!keeps) for (const one of observed.archives) steps.push({ kind: 'drop-archive', slug, tenantId, archive: one })
  if (row && observed.points > 0)
    steps.push({ kind: 'delete-points', slug, id: row.id, collection: observed.collection.alias })
  // The page that a cancelled move was at may have come after the count: never mind that there was none.
  if (row && observed.move?.elsewhere)
    steps.push({ kind: 'delete-points', slug, id: row.id, collection: observed.move.elsewhere })
  const alias = dedicatedCollection(removal.collectionPrefix, slug)
  for (const collection of observed.collections) steps.push({ kind: 'delete-collection', alias, collection, tenantId })
  if (row) steps.push({ kind: 'delete-tenant', slug, id: row.id, collection: row.collection, owner })
  return steps
}

/**
 * Steps that make a pipeline go. Delete waits until there is no tenant left, whoever made it: nobody's data goes as a
 * side effect. Retain notes who it was, so that a pipeline of the same name in the same cluster takes it back. Pure.
 */
export function planPipelineRemoval(removal: PipelineRemoval, observed: ObservedPipelineRemoval): Plan {
  const { control } = observed
  const ours = control.exists && control.owner !== null && sameOwner(control.owner, removal.owner)
  if (removal.policy === 'Retain') {
    const release = ours && !control.released && control.applied !== null
    return { ...nothing, steps: release ? [{ kind: 'release-pipeline', owner: removal.owner }] : [] }
  }
  if (ours && observed.tenants.length > 0) return { ...nothing, obstacles: [tenantsLeft(observed)] }
  const alias = sharedCollection(removal.collectionPrefix)
  const steps: Step[] = observed.collections.map(collection => ({ kind: 'delete-collection', alias, collection, tenantId: null })) // prettier-ignore
  if (ours) steps.push({ kind: 'drop-control-schema' })
  return { ...nothing, steps }
}

function tenantsLeft({ tenants }: ObservedPipelineRemoval): Plan['obstacles'][number] {
  const named = tenants.slice(0, 5).map(tenant => tenant.slug)
  const more = tenants.length > named.length ? ` and ${tenants.length - named.length} more` : ''
  const message = `${tenants.length} tenants are still there: ${named.join(', ')}${more}; delete them first, or set deletionPolicy to Retain` // prettier-ignore
  return { reason: 'Waiting', area: 'tenant', message }
}
