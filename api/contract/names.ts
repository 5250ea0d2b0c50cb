import { createHash } from 'node:crypto'

/**
 * The names of everything a tenant owns in Postgres and in the vector store, derived from two inputs: the tenant's slug
 * and the pipeline's collection prefix. Nothing else in the product spells such a name.
 */

/**
 * A tenant's slug: also the name of its RagTenant. Lower-case letters, digits and inner hyphens, starting with a letter.
 * No underscore, so that replacing `-` with `_` in the schema's name cannot make two slugs collide. 48 characters keep
 * the schema within Postgres' 63 bytes.
 */
export const SLUG_PATTERN = /^[a-z](?:[a-z0-9-]{0,46}[a-z0-9])?$/

/** Letters, digits, `_` and `-`; a trailing separator is kept out because names add their own. */
export const COLLECTION_PREFIX_PATTERN = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?$/

export const CONTROL_SCHEMA = 'selfrag'

/** Holds the collections of the pgvector engine. */
export const VECTOR_SCHEMA = 'selfrag_vectors'

/** Holds the job queue. Beside the control schema, because pg-boss, which the worker starts, migrates it by itself. */
export const QUEUE_SCHEMA = 'selfrag_queue'

/** Schemas of tenants that were deleted with the policy Snapshot begin with it. */
export const ARCHIVE_PREFIX = 'snapshot_'

/** Where the rows and points of such a tenant are: `snapshot_` and its id. A tenant made anew has another id. */
export function archiveSchema(tenantId: string): string {
  return ARCHIVE_PREFIX + tenantId.toLowerCase().replace(/[^0-9a-z]/g, '').slice(0, 50) // prettier-ignore
}

export function isSlug(value: string): boolean {
  return SLUG_PATTERN.test(value)
}

/** @throws RangeError when the slug could not be part of an identifier; callers validate user input before. */
function identifierPart(slug: string): string {
  if (!isSlug(slug)) throw new RangeError(`tenant slug ${JSON.stringify(slug)} does not match ${SLUG_PATTERN.source}`)
  return slug.replaceAll('-', '_')
}

/** `acme-eu` → `tenant_acme_eu`. */
export function tenantSchema(slug: string): string {
  return `tenant_${identifierPart(slug)}`
}

/**
 * The Postgres role that owns the tenant's schema: `tenant_acme_eu_1f0c2d3`. Roles belong to the server and not to a
 * database, so its name ends in 7 hex digits of the database's SHA-256: two pipelines on one server may both have `acme`.
 */
export function tenantRole(slug: string, database: string): string {
  return `${tenantSchema(slug)}_${createHash('sha256').update(database).digest('hex').slice(0, 7)}`
}

/** The guide's prefixes end in a separator (`prod_`), ours do not: both give `prod_shared`. */
export function normalizePrefix(prefix: string): string {
  return prefix.replace(/[_-]+$/, '')
}

/** The alias of the collection that the shared tenants of a pipeline live in. */
export function sharedCollection(prefix: string): string {
  return `${normalizePrefix(prefix)}_shared`
}

/** The alias of the collection that one dedicated tenant has to itself. */
export function dedicatedCollection(prefix: string, slug: string): string {
  return `${normalizePrefix(prefix)}_t_${identifierPart(slug)}`
}

/** The collection behind an alias: `acme_shared`, generation 2 → `acme_shared_g2`. */
export function generationName(alias: string, generation: number): string {
  return `${alias}_g${generation}`
}

/** The inverse of {@link generationName}; null when the name is not a generation of that alias. */
export function generationOf(alias: string, collection: string): number | null {
  const match = /^_g([1-9]\d*)$/.exec(collection.slice(alias.length))
  return collection.startsWith(alias) && match ? Number(match[1]) : null
}
