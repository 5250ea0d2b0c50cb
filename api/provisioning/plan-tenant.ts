import { isDeepStrictEqual } from 'node:util'
import { sameOwner } from '../contract/ownership.ts'
import { isUnderWay } from './moving/under-way.ts'
import { collectionSpec, tenantCollection } from './collection-spec.ts'
import { settingsOf } from './declared-settings.ts'
import type { DesiredTenant } from './desired.ts'
import type { ObservedCollection, ObservedTenant } from './observed.ts'
import { ADOPT_HINT, type Claim, describeOwner, judge, sameResource } from './ownership-claim.ts'
import { planCollection } from './plan-collection.ts'
import { planKeys } from './plan-keys.ts'
import { planKnowledgeBases } from './plan-knowledge-bases.ts'
import { chooseArchive } from './plan-restore.ts'
import { planSchema } from './plan-schema.ts'
import type { Obstacle, Plan, Step } from './steps.ts'

/**
 * Steps that bring a tenant to what is desired: row, role, schema, place for vectors, knowledge bases, keys. Pure.
 * @param now decides which keys are old enough to be replaced
 */
export function planTenant(desired: DesiredTenant, observed: ObservedTenant, now: Date): Plan {
  if (!observed.pipelineReady)
    return blocked('Waiting', 'database', 'the pipeline has not prepared its database yet; see its condition DatabaseReady') // prettier-ignore
  const claim = tenantClaim(desired, observed)
  const conflict = tenantConflict(desired, observed, claim)
  if (conflict) return blocked('Conflict', 'tenant', conflict)
  const restoration = chooseArchive(desired, observed)
  if (restoration && 'obstacle' in restoration) return { steps: [], obstacles: [restoration.obstacle], drift: [] }
  const schema = planSchema(desired, observed, claim, restoration?.archive)
  const vectors = planPlace(desired, observed, claim)
  if (schema.obstacles.length > 0) return merge([schema, { ...vectors, steps: [] }])
  return merge([
    schema,
    vectors,
    // The row comes after what it stands for: whoever finds it finds a whole schema. And taking a released tenant
    // forgets who released it, which the adoptions before rest on.
    { steps: [...planRow(desired, observed), ...planPoints(desired, observed)], obstacles: [], drift: [] },
    // What else is in an archive can be seen when it is a schema again.
    ...(restoration ? [] : [planKnowledgeBases(desired, observed), planKeys(desired, observed, now)]),
  ])
}

function tenantClaim(desired: DesiredTenant, { row }: ObservedTenant): Claim {
  return { owner: desired.owner, adopt: desired.adopt, released: wasReleased(desired, row) ? row.owner : null }
}

/** Deleted with Retain and not taken up over HTTP since (which enables it), by a resource of this very name. */
function wasReleased(desired: DesiredTenant, row: ObservedTenant['row']): row is NonNullable<ObservedTenant['row']> {
  return (
    row?.released_at != null &&
    row.status === 'disabled' &&
    desired.managedBy === 'resource' &&
    sameResource(row.owner, desired.owner)
  )
}

function tenantConflict(desired: DesiredTenant, { row, schema }: ObservedTenant, claim: Claim): string | null {
  if (row && row.managed_by === 'resource' && desired.managedBy === 'api')
    return `tenant ${desired.slug} ${describeOwner(row.owner)}; change it there`
  if (row && judge(row.owner, claim) === 'foreign')
    return row.managed_by === 'api'
      ? `tenant ${desired.slug} was made over HTTP; delete it there, or ${ADOPT_HINT}`
      : `tenant ${desired.slug} ${describeOwner(row.owner)}; choose another name, or ${ADOPT_HINT}`
  if (schema.exists && judge(schema.marker, claim) === 'foreign')
    return `schema ${schema.name} ${describeOwner(schema.marker)}; choose another name, or ${ADOPT_HINT}`
  return null
}

function planRow(desired: DesiredTenant, { row }: ObservedTenant): Step[] {
  if (!row) return [{ kind: 'create-tenant', tenant: desired, collection: tenantCollection(desired) }]
  const steps: Step[] = []
  if (!sameOwner(row.owner, desired.owner) || row.managed_by !== desired.managedBy || row.released_at !== null)
    steps.push({ kind: 'take-tenant', tenant: desired, from: row.owner })
  const changed = Object.entries({
    display_name: [desired.displayName, row.display_name],
    plan: [desired.plan, row.plan],
    isolation: [desired.isolation, row.isolation],
    status: [desired.disabled ? 'disabled' : 'active', row.status],
    quotas: [desired.quotas, row.quotas],
    settings: [settingsOf(desired, row.settings), row.settings],
  }).filter(([, [wanted, found]]) => !isDeepStrictEqual(wanted, found))
  if (changed.length > 0) steps.push({ kind: 'update-tenant', tenant: desired, changed: changed.map(([name]) => name) })
  return steps
}

/** Before the keys, so that nobody asks while half of the answers are missing. */
function planPoints({ slug }: DesiredTenant, { row, schema, collection }: ObservedTenant): Step[] {
  return row && schema.archivedPoints && collection.target !== null ? [{ kind: 'restore-points', slug }] : []
}

function planPlace(desired: DesiredTenant, observed: ObservedTenant, claim: Claim): Plan {
  const { collection, destination, move } = observed
  const here = planCollectionAt(desired, collection, claim)
  if (!destination || here.obstacles.length > 0 || (move && isUnderWay(move))) return here
  return merge([here, planMoveTo(destination, desired, observed, claim)])
}

/** What is needed where the tenant's points are to go, and then the move itself, which a worker carries out (moving/). */
function planMoveTo(
  destination: ObservedCollection,
  desired: DesiredTenant,
  observed: ObservedTenant,
  claim: Claim,
): Plan {
  if (!observed.knowsMoves)
    return blocked('Waiting', 'vectors', `tenant ${desired.slug} cannot be moved to ${destination.alias} before the pipeline's database is migrated by an image that can move tenants`) // prettier-ignore
  const there = planCollectionAt(desired, destination, claim)
  if (there.obstacles.length > 0) return there
  const { slug } = desired
  const begin: Step = { kind: 'begin-move', slug, from: observed.collection.alias, to: destination.alias }
  return { ...there, steps: [...there.steps, begin] }
}

/** The shared collection is its pipeline's business; one of its own is the tenant's. */
function planCollectionAt(desired: DesiredTenant, collection: ObservedCollection, claim: Claim): Plan {
  const dedicated = collection.alias !== tenantCollection({ ...desired, isolation: 'Shared' })
  if (dedicated) return planCollection(dedicatedWish(desired, collection.alias, claim), collection)
  if (collection.target === null)
    return blocked('Waiting', 'vectors', `the pipeline has not made its collection ${collection.alias} yet; see its condition VectorStoreReady`) // prettier-ignore
  return { steps: [], obstacles: [], drift: [] }
}

function dedicatedWish(desired: DesiredTenant, alias: string, claim: Claim) {
  const spec = collectionSpec(desired.vectors, 'dedicated', desired.owner)
  return { alias, spec, model: desired.vectors.space?.model ?? null, claim }
}

function blocked(reason: Obstacle['reason'], area: Obstacle['area'], message: string): Plan {
  return { steps: [], obstacles: [{ reason, area, message }], drift: [] }
}

function merge(plans: readonly Plan[]): Plan {
  return {
    steps: plans.flatMap(plan => plan.steps),
    obstacles: plans.flatMap(plan => plan.obstacles),
    drift: plans.flatMap(plan => plan.drift),
  }
}
