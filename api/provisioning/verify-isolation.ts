import type { TenantRow } from '../stores/postgres/rows.ts'
import { tenantsBeside } from '../stores/postgres/tenants.ts'
import { activeGeneration } from '../stores/postgres/embedding-generations.ts'
import { attemptForeignSql } from './isolation-attempts.ts'
import { attemptForeignVectors, attemptNeighbour } from './isolation-canary.ts'
import { foreignGrants } from './isolation-grants.ts'
import type { Reach } from './isolation-reach.ts'
import { DimensionMismatch } from '../stores/vectors/vector-store.ts'
import type { ProvisioningStores } from './stores.ts'

export interface IsolationProof {
  /** What the tenant could reach and must not; empty: it is isolated. */
  readonly reached: readonly Reach[]
  /** How many ways in were tried. */
  readonly attempts: number
  /** Slug of the other tenant whose tables it was made to try; null while there is none. */
  readonly neighbour: string | null
}

/** Ways in that isolation-canary.ts tries. */
const VECTOR_ATTEMPTS = 7

/**
 * Tries, as a tenant, to reach what is not its own: through SQL with its role, and among the vectors with its scope. Leaves
 * everything as it was.
 * @returns null when it cannot be tried, because the tenant's place among the vectors is not there
 * @throws the database's error or VectorStoreUnavailable
 */
export async function verifyIsolation(
  { database, vectors }: ProvisioningStores,
  { id, slug, collection }: Pick<TenantRow, 'id' | 'slug' | 'collection'>,
): Promise<IsolationProof | null> {
  const generation = await activeGeneration(database, collection)
  if (!generation) return null
  const grants = await foreignGrants(database, slug)
  const sql = await attemptForeignSql(database, slug)
  const points = await attemptTwice(vectors, { tenantId: id, collection, dimension: generation.dimension })
  return {
    reached: [
      ...grants,
      ...sql.reached,
      ...(await whose({ database, vectors }, { id, slug, collection }, points ?? [])),
    ],
    attempts: sql.attempts + (points ? VECTOR_ATTEMPTS : 0),
    neighbour: sql.neighbour,
  }
}

/**
 * What was reached is tried again: another check of the same tenant at the same moment (somebody runs `selfrag maintain` beside an
 * operator) takes the point away that this one looks for. Null as {@link attemptVectors}.
 */
async function attemptTwice(...attempt: Parameters<typeof attemptVectors>): Promise<string[] | null> {
  const first = await attemptVectors(...attempt)
  if (!first?.length) return first
  const second = await attemptVectors(...attempt)
  return second && first.filter(way => second.includes(way))
}

/** So many neighbours are asked for a point, the nearest in the alphabet first. */
const NEIGHBOURS = 20

/**
 * Tells whose points are let out in the ways in which the check's own point was reached: of the first neighbour that has
 * any. A way that changes points is not tried on a neighbour's.
 */
async function whose(
  { database, vectors }: ProvisioningStores,
  { id, slug, collection }: Pick<TenantRow, 'id' | 'slug' | 'collection'>,
  ways: readonly string[],
): Promise<Reach[]> {
  const own = ways.map((what): Reach => ({ way: 'vectors', what: `${what} in ${collection}`, tenant: null }))
  if (ways.length === 0) return own
  for (const neighbour of await tenantsBeside(database, { slug, collection }, NEIGHBOURS)) {
    const reached = await attemptNeighbour(vectors, { tenantId: id, collection }, neighbour.id)
    if (reached.length === 0) continue
    return [...own, ...reached.map((what): Reach => ({ way: 'vectors', what: `${what} in ${collection}`, tenant: neighbour.slug }))] // prettier-ignore
  }
  return own
}

/** Null for a collection that somebody has put in the place of the tenant's: none of its vectors fits, so that nothing can be tried. */
async function attemptVectors(
  vectors: ProvisioningStores['vectors'],
  place: Parameters<typeof attemptForeignVectors>[1],
): Promise<string[] | null> {
  try {
    return await attemptForeignVectors(vectors, place)
  } catch (error) {
    if (error instanceof DimensionMismatch) return null
    throw error
  }
}

/** What can be told without trying: what was granted to the tenant's role. Null when that is nothing. */
export async function checkGrants({ database }: ProvisioningStores, slug: string): Promise<IsolationProof | null> {
  const reached = await foreignGrants(database, slug)
  return reached.length === 0 ? null : { reached, attempts: 0, neighbour: null }
}
