import { createHash } from 'node:crypto'

export type CacheKind = 'embedding' | 'llm' | 'retrieval'

/** Whose a value is. Without a knowledge base: everything of the tenant. */
export interface CacheOwner {
  readonly tenantId: string
  readonly knowledgeBaseId?: string
}

/** Where a value is kept, and for whom. */
export interface CacheEntry {
  readonly kind: CacheKind
  readonly tenantId: string
  /** Those whose contents the value was made of; a purge of any of them removes it. */
  readonly knowledgeBaseIds: readonly string[]
  /** From {@link cacheKey}: everything that the value depends on. */
  readonly key: string
  readonly ttlSeconds: number
}

/** The right to fill an entry. Exactly one of the two is called, once. */
export interface Ticket {
  /** Keeps the value, unless its owner was purged since the ticket was given out. */
  keep(value: string): Promise<void>
  /** Lets somebody else try. */
  drop(): Promise<void>
}

/** `value` null and no ticket: somebody else is making the value; ask again. */
export type Lookup = { readonly value: string } | { readonly value: null; readonly ticket: Ticket | null }

/** What was kept cannot be removed or counted now; trying again may help. */
export class CacheUnavailable extends Error {
  override readonly name = 'CacheUnavailable'
}

/** What keeps the values. One file an implementation; test/contract/cache.ts is what all must pass. */
export interface CacheStore {
  readonly storage: 'memory' | 'redis'
  /** One round trip. @throws when the store cannot be asked */
  lookup(entry: CacheEntry): Promise<Lookup>
  /** Removes everything of the owner, also what is being made now. Gives how many values there were. @throws CacheUnavailable */
  purge(owner: CacheOwner): Promise<number>
  /** Values that could still be served. */
  count(owner: CacheOwner): Promise<number>
  /** Ids of the tenants that it holds something of; perhaps of some more, whose values have just ended. */
  tenants(): Promise<readonly string[]>
}

/** A name for what a value depends on; fields in another order give the same. `parts` is plain JSON. */
export function cacheKey(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts, inOrder)).digest('base64url')
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The owners of an entry, each as a short name: the tenant, then its knowledge bases. */
export function ownersOf({ tenantId, knowledgeBaseIds }: CacheEntry): string[] {
  return [ownerName({ tenantId }), ...knowledgeBaseIds.map(id => ownerName({ tenantId, knowledgeBaseId: id }))]
}

export function ownerName({ tenantId, knowledgeBaseId }: CacheOwner): string {
  return knowledgeBaseId === undefined ? tenantId : `${tenantId}/${knowledgeBaseId}`
}

/** Whether a name of {@link ownerName} is that of a whole tenant, which is its id. */
export function isTenant(owner: string): boolean {
  return !owner.includes('/')
}
