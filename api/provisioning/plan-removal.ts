import { sharedCollection } from '../contract/names.ts'
import { sameOwner } from '../contract/ownership.ts'
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
 * - Snapshot: the schema stays as an archive that only the product's role can read; everything else goes.
 * - Delete: nothing stays but the audit log. The row goes last: as long as it is there, a crash is noticed.
 */
export function planTenantRemoval(removal: TenantRemoval, observed: ObservedRemoval): Plan {
  const { row } = observed
  if (row && !sameOwner(row.owner, removal.owner)) return nothing
  const secrets: Step[] =
    observed.vaultNames.length > 0 ? [{ kind: 'forget-secrets', slug: removal.slug, names: observed.vaultNames }] : []
  if (removal.policy !== 'Retain') return { ...nothing, steps: [...secrets, ...erasure(removal, observed)] }
  const release: Step[] = !row || row.released_at ? [] : [{ kind: 'release-tenant', slug: removal.slug, id: row.id }]
  return { ...nothing, steps: [...secrets, ...release] }
}

function erasure(removal: TenantRemoval, observed: ObservedRemoval): Step[] {
  const { slug } = removal
  const { row, role, schema } = observed
  const steps: Step[] = []
  // First, so that nobody writes while the rest goes.
  if (row && row.status !== 'disabled') steps.push({ kind: 'disable-tenant', slug, id: row.id })
  const ours = schema.exists && schema.marker !== null && sameOwner(schema.marker, removal.owner)
  if (ours) {
    if (!role.granted || schema.ownedBy !== role.name || schema.strayTables.length > 0)
      steps.push({ kind: 'grant-schema', slug, missing: ['rights to remove it'] })
    steps.push(
      removal.policy === 'Snapshot'
        ? { kind: 'archive-schema', slug, owner: removal.owner }
        : { kind: 'drop-schema', slug },
    )
  }
  if (role.exists && (ours || !schema.exists)) steps.push({ kind: 'drop-role', slug })
  // After the schema: a worker that was in the middle of a document cannot read it any more, and stores nothing anew.
  if (row && observed.points > 0)
    steps.push({ kind: 'delete-points', slug, id: row.id, collection: observed.collection.alias })
  for (const collection of observed.collections)
    steps.push({ kind: 'delete-collection', alias: observed.collection.alias, collection })
  if (row) steps.push({ kind: 'delete-tenant', slug, id: row.id, collection: row.collection })
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
  const steps: Step[] = observed.collections.map(collection => ({ kind: 'delete-collection', alias, collection }))
  if (ours) steps.push({ kind: 'drop-control-schema' })
  return { ...nothing, steps }
}

function tenantsLeft({ tenants }: ObservedPipelineRemoval): Plan['obstacles'][number] {
  const named = tenants.slice(0, 5).map(tenant => tenant.slug)
  const more = tenants.length > named.length ? ` and ${tenants.length - named.length} more` : ''
  const message = `${tenants.length} tenants are still there: ${named.join(', ')}${more}; delete them first, or set deletionPolicy to Retain` // prettier-ignore
  return { reason: 'Waiting', area: 'tenant', message }
}
