import type { ApiKeyRow } from '../stores/postgres/rows.ts'
import type { DesiredApiKey, DesiredTenant } from './desired.ts'
import type { ObservedTenant } from './observed.ts'
import type { Obstacle, Plan, Step } from './steps.ts'

/**
 * Declared keys: a secret in the vault and its hash in the database, the vault written first. What the two hold decides:
 *
 * | vault            | database          | steps                                          |
 * | ---------------- | ----------------- | ---------------------------------------------- |
 * | nothing usable   | nothing           | mint                                           |
 * | nothing usable   | older keys        | revoke them (their secret is lost), mint       |
 * | unknown secret   | anything          | register it; older keys work for the overlap   |
 * | known, too old,  |                   | mint; the old key works for the overlap        |
 * | or asked for     |                   |                                                |
 * | known            | other role, scope | update                                         |
 * |                  | not declared      | take the secret out of the vault, revoke       |
 *
 * Pure.
 */
export function planKeys(desired: DesiredTenant, observed: ObservedTenant, now: Date): Plan {
  const alive = observed.keys.filter(key => key.expires_at === null || key.expires_at > now)
  const steps: Step[] = []
  const obstacles: Obstacle[] = []
  for (const key of desired.apiKeys) {
    const unknown = unknownKnowledgeBases(key, desired, observed)
    if (unknown.length > 0) obstacles.push(scopeObstacle(key, unknown))
    else steps.push(...keySteps(desired.slug, key, observed, alive, now))
  }
  return { steps: [...steps, ...undeclared(desired, alive)], obstacles, drift: [] }
}

/** When {@link planKeys} would find a key too old next; null when no key is ever rotated. For requeueing. Pure. */
export function nextRotation(desired: DesiredTenant, observed: ObservedTenant): Date | null {
  const times = desired.apiKeys.flatMap(key => {
    const row = currentKey(observed, key.name)
    return row && key.rotateAfterSeconds !== undefined ? [row.created_at.getTime() + key.rotateAfterSeconds * 1000] : []
  })
  return times.length > 0 ? new Date(Math.min(...times)) : null
}

/** The row of the key that the vault holds under this name; null while there is none. */
export function currentKey(observed: Pick<ObservedTenant, 'vault' | 'keys'>, name: string): ApiKeyRow | null {
  const entry = observed.vault[name]
  return entry?.state === 'known' ? (observed.keys.find(row => row.id === entry.keyId) ?? null) : null
}

function keySteps(
  slug: string,
  key: DesiredApiKey,
  observed: ObservedTenant,
  alive: readonly ApiKeyRow[],
  now: Date,
): Step[] {
  const named = alive.filter(row => row.name === key.name)
  const current = named.find(row => row.id === currentKey(observed, key.name)?.id)
  const others = named.filter(row => row !== current)
  // Already in their overlap: they end by themselves.
  const lasting = others.filter(row => row.expires_at === null).map(row => row.id)
  if (observed.vault[key.name]?.state === 'new') return [{ kind: 'register-key', slug, key, replaces: lasting }]
  if (!current) return lostSecret(slug, key, named)
  const why = whyReplace(current, key, observed, now)
  if (why !== null)
    return [{ kind: 'mint-key', slug, key, replaces: current.expires_at === null ? [current.id, ...lasting] : lasting, why }] // prettier-ignore
  const steps = named.flatMap(row => update(slug, key, row, observed))
  if (lasting.length > 0)
    steps.push({ kind: 'expire-keys', slug, ids: lasting, at: new Date(now.getTime() + key.overlapSeconds * 1000) })
  return steps
}

function lostSecret(slug: string, key: DesiredApiKey, named: readonly ApiKeyRow[]): Step[] {
  const mint = (why: string): Step => ({ kind: 'mint-key', slug, key, replaces: [], why })
  if (named.length === 0) return [mint('there was none')]
  const why = `the secret of key ${key.name} is gone from where it is kept`
  return [{ kind: 'revoke-keys', slug, ids: named.map(row => row.id), why }, mint(why)]
}

/** Null: it may stay. */
function whyReplace(current: ApiKeyRow, key: DesiredApiKey, observed: ObservedTenant, now: Date): string | null {
  const entry = observed.vault[key.name]
  if (current.expires_at !== null) return 'the one in its place is ending'
  if (entry?.state === 'known' && entry.rotationAsked) return 'somebody asked for another one'
  return isTooOld(current, key, now) ? 'the one before was old enough' : null
}

function isTooOld(row: ApiKeyRow, key: DesiredApiKey, now: Date): boolean {
  if (key.rotateAfterSeconds === undefined) return false
  return now.getTime() >= row.created_at.getTime() + key.rotateAfterSeconds * 1000
}

function update(slug: string, key: DesiredApiKey, row: ApiKeyRow, observed: ObservedTenant): Step[] {
  const changed: string[] = []
  if (row.role !== key.role) changed.push('role')
  // Ids are not known while the schema cannot be read.
  if (observed.knowledgeBases !== null && !sameScope(key, row, observed)) changed.push('scope_kb_ids')
  return changed.length > 0 ? [{ kind: 'update-key', slug, key, id: row.id, changed }] : []
}

function sameScope(key: DesiredApiKey, row: ApiKeyRow, observed: ObservedTenant): boolean {
  if (key.knowledgeBases === undefined) return row.scope_kb_ids === null
  const ids = new Map((observed.knowledgeBases ?? []).map(kb => [kb.name, kb.id]))
  const wanted = new Set(key.knowledgeBases.map(name => ids.get(name)))
  return row.scope_kb_ids !== null && wanted.size === row.scope_kb_ids.length && row.scope_kb_ids.every(id => wanted.has(id)) // prettier-ignore
}

/** Names in the key's scope that are neither there nor made by this plan. */
function unknownKnowledgeBases(key: DesiredApiKey, desired: DesiredTenant, observed: ObservedTenant): string[] {
  if (observed.knowledgeBases === null && observed.schema.exists) return []
  const rows = observed.knowledgeBases ?? []
  const known = new Set([...desired.knowledgeBases, ...rows].map(kb => kb.name))
  for (const row of rows) if (row.deleted_at) known.delete(row.name)
  return (key.knowledgeBases ?? []).filter(name => !known.has(name))
}

function scopeObstacle(key: DesiredApiKey, unknown: readonly string[]): Obstacle {
  const message = `key ${key.name} is for the knowledge bases ${unknown.join(', ')}, which there are none of; declare them in spec.knowledgeBases or correct the names` // prettier-ignore
  return { reason: 'Unrepairable', area: 'keys', message }
}

/** Keys that were declared once; those that HTTP made are data and stay. */
function undeclared(desired: DesiredTenant, alive: readonly ApiKeyRow[]): Step[] {
  const declared = new Set(desired.apiKeys.map(key => key.name))
  const gone = alive.filter(row => !declared.has(row.name))
  if (gone.length === 0) return []
  return [
    { kind: 'forget-secrets', slug: desired.slug, names: [...new Set(gone.map(row => row.name))] },
    { kind: 'revoke-keys', slug: desired.slug, ids: gone.map(row => row.id), why: 'no longer declared' },
  ]
}
