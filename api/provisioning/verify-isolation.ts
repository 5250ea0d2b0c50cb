import type { TenantRow } from '../stores/postgres/rows.ts'
import { activeGeneration } from '../stores/postgres/embedding-generations.ts'
import { attemptForeignSql } from './isolation-attempts.ts'
import { attemptForeignVectors } from './isolation-canary.ts'
import { foreignGrants } from './isolation-grants.ts'
import { DimensionMismatch } from '../stores/vectors/vector-store.ts'
import type { ProvisioningStores } from './stores.ts'

export interface IsolationProof {
  /** What the tenant could reach and must not, in words; empty: it is isolated. */
  readonly reached: readonly string[]
  /** How many ways in were tried. */
  readonly attempts: number
  /** Schema of the other tenant that it was made to try; null while there is none. */
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
  const points = await attemptVectors(vectors, { tenantId: id, collection, dimension: generation.dimension })
  return {
    reached: [...grants, ...sql.reached, ...(points ?? []).map(what => `${what} in ${collection}`)],
    attempts: sql.attempts + (points ? VECTOR_ATTEMPTS : 0),
    neighbour: sql.neighbour,
  }
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
