import type { Knex } from 'knex'
import { apiKeyPrefix, hashApiKey, isApiKey } from '../contract/api-key.ts'
import { sharedCollection, tenantSchema } from '../contract/names.ts'
import { observeKeys } from '../stores/postgres/api-keys.ts'
import { ARCHIVED_POINTS } from '../stores/postgres/archived-points.ts'
import { findMove, MOVES_MIGRATION } from '../stores/postgres/isolation-moves.ts'
import { allKnowledgeBases } from '../stores/postgres/knowledge-bases.ts'
import { schemaVersion } from '../stores/postgres/migrator.ts'
import { tenantStructure } from '../stores/postgres/migrations/tenant/structure.ts'
import type { ApiKeyRow, IsolationMoveRow, KnowledgeBaseRow, TenantRow } from '../stores/postgres/rows.ts'
import { controlSchemaState, isUsable, tenantSchemaState } from '../stores/postgres/schema-state.ts'
import {
  compareStructure,
  isLost,
  readStructure,
  type StructureDifference,
} from '../stores/postgres/schema-structure.ts'
import { type StrayGrant, strayTenantGrants } from '../stores/postgres/stray-grants.ts'
import { describeTenantPlace, type TenantPlace } from '../stores/postgres/tenant-roles.ts'
import { enterTenant } from '../stores/postgres/tenant-scope.ts'
import { type TenantUsage, tenantUsage } from '../stores/postgres/tenant-usage.ts'
import { findTenantAndWhetherMoved, findTenantBySlug } from '../stores/postgres/tenants.ts'
import { listArchives } from './archive.ts'
import { tenantCollection } from './collection-spec.ts'
import type { DesiredTenant, KeyVault, StoredKey } from './desired.ts'
import { observeCollection } from './observe-collection.ts'
import { observeControlSchema, recordedGenerations } from './observe-pipeline.ts'
import type { ObservedCollection, ObservedControlSchema, ObservedRole, ObservedTenant, ObservedTenantSchema, VaultEntry } from './observed.ts' // prettier-ignore
import type { ProvisioningStores } from './stores.ts'

/**
 * Reads what there is of a tenant; changes nothing. The vault must answer with what is there now: a stale "absent" would
 * have a working key replaced.
 * @throws the database's error or VectorStoreUnavailable when one cannot be reached, and what the vault throws
 */
export async function observeTenant(
  stores: ProvisioningStores,
  desired: DesiredTenant,
  vault: KeyVault,
): Promise<ObservedTenant> {
  const { database, vectors } = stores
  // Before the transaction: nothing may wait for another server while one is open.
  const secrets = await readVault(vault, desired)
  const control = await (stores.control?.() ?? observeControlSchema(database))
  const pipelineReady = isUsable(controlSchemaState(control))
  const knowsMoves = control.applied?.includes(MOVES_MIGRATION) ?? false
  const rows = await database.transaction(sql => readRows(sql, desired.slug, { pipelineReady, knowsMoves }, secrets))
  const alias = rows.row?.collection ?? tenantCollection(desired)
  return {
    pipelineReady,
    level: control.level ?? null,
    row: rows.row,
    role: observedRole(rows.place),
    schema: { ...observedSchema(rows.place), applied: rows.applied, structure: rows.structure, grants: rows.grants },
    archives: desired.restore !== undefined && !rows.row ? await listArchives(database) : [],
    collection: await observePlace({ database, vectors }, desired, control, alias),
    destination: isElsewhere(desired, rows.row)
      ? await observePlace({ database, vectors }, desired, control, tenantCollection(desired))
      : null,
    move: rows.move,
    knowsMoves,
    knowledgeBases: rows.knowledgeBases,
    usage: rows.usage,
    keys: rows.keys,
    vault: vaultEntries(secrets, rows.row, rows.keysInVault),
  }
}

/** The tenant's row, whoever's it is; null also while the pipeline is not ready. */
export async function observeTenantRow({ database }: ProvisioningStores, slug: string): Promise<TenantRow | null> {
  const control = await observeControlSchema(database)
  return isUsable(controlSchemaState(control)) ? findTenantBySlug(database, slug) : null
}

/** `Auto` is content with either place. */
function isElsewhere(desired: DesiredTenant, row: TenantRow | null): boolean {
  return row !== null && desired.isolation !== 'Auto' && row.collection !== tenantCollection(desired)
}

/** The shared collection is its pipeline's business; whether it is there is all that a tenant asks. */
async function observePlace(
  { database, vectors }: ProvisioningStores,
  desired: DesiredTenant,
  control: ObservedControlSchema,
  alias: string,
): Promise<ObservedCollection> {
  if (alias === sharedCollection(desired.collectionPrefix)) {
    const target = await vectors.collections.resolve(alias)
    return { alias, target, nameTaken: false, state: null, generations: [] }
  }
  return observeCollection(vectors.collections, alias, await recordedGenerations(database, control, alias))
}

async function readVault(vault: KeyVault, desired: DesiredTenant): Promise<VaultContent> {
  const names = desired.apiKeys.map(key => key.name)
  const secrets = await Promise.all(names.map(name => vault.read(name)))
  return new Map(names.map((name, index) => [name, secrets[index] ?? null]))
}

type VaultContent = ReadonlyMap<string, StoredKey | null>

interface Rows {
  readonly place: TenantPlace
  readonly row: TenantRow | null
  readonly move: IsolationMoveRow | null
  readonly applied: readonly string[] | null
  readonly structure: readonly StructureDifference[]
  readonly grants: readonly StrayGrant[]
  readonly knowledgeBases: readonly KnowledgeBaseRow[] | null
  readonly usage: TenantUsage | null
  readonly keys: readonly ApiKeyRow[]
  readonly keysInVault: readonly ApiKeyRow[]
}

async function readRows(
  sql: Knex.Transaction,
  slug: string,
  { pipelineReady, knowsMoves }: Pick<ObservedTenant, 'pipelineReady' | 'knowsMoves'>,
  secrets: VaultContent,
): Promise<Rows> {
  const place = await describeTenantPlace(sql, slug)
  const grants = place.roleExists && place.given ? await strayTenantGrants(sql, place.schema, place.role) : []
  const wellFormed = [...secrets.values()].filter(stored => stored !== null && isApiKey(stored.secret)) as StoredKey[]
  const { row, move } = pipelineReady ? await readRow(sql, slug, knowsMoves) : { row: null, move: null }
  const hashes = wellFormed.map(({ secret }) => hashApiKey(secret))
  const keys = pipelineReady ? await observeKeys(sql, row?.id ?? null, hashes) : { declared: [], hashed: [] }
  // Last, because the transaction stays the tenant's.
  const inside = await readSchema(sql, slug, place)
  return { place, row, move, keys: keys.declared, keysInVault: keys.hashed, grants, ...inside }
}

async function readRow(sql: Knex.Transaction, slug: string, knowsMoves: boolean): Promise<Pick<Rows, 'row' | 'move'>> {
  if (!knowsMoves) return { row: await findTenantBySlug(sql, slug), move: null }
  const found = await findTenantAndWhetherMoved(sql, slug)
  return { row: found?.row ?? null, move: found?.moved ? await findMove(sql, found.row.id) : null }
}

/** What only the tenant's role may read. */
async function readSchema(
  sql: Knex.Transaction,
  slug: string,
  place: TenantPlace,
): Promise<Pick<Rows, 'applied' | 'structure' | 'knowledgeBases' | 'usage'>> {
  const readable = place.granted && place.schemaOwner === place.role && place.strayTables.length === 0
  if (!readable) return { applied: null, structure: [], knowledgeBases: null, usage: null }
  await enterTenant(sql, slug)
  const version = await schemaVersion(sql, tenantSchema(slug), place.tables)
  const current = tenantSchemaState(version).state === 'current'
  const structure = current ? compareStructure(tenantStructure, await readStructure(sql, tenantSchema(slug))) : []
  // A table that has lost a column cannot be asked for it.
  const isWhole = place.tables.includes('knowledge_bases') && !structure.some(isLost)
  return {
    applied: version.applied,
    structure,
    knowledgeBases: isWhole ? await allKnowledgeBases({ sql }) : [],
    usage: isWhole && current ? await tenantUsage({ sql }) : null,
  }
}

function vaultEntries(
  secrets: VaultContent,
  row: TenantRow | null,
  known: readonly ApiKeyRow[],
): Record<string, VaultEntry> {
  const entries = [...secrets].map(([name, stored]) => [name, vaultEntry(name, stored, row, known)] as const)
  return Object.fromEntries(entries)
}

function vaultEntry(
  name: string,
  stored: StoredKey | null,
  row: TenantRow | null,
  known: readonly ApiKeyRow[],
): VaultEntry {
  if (stored === null) return { state: 'absent' }
  const { secret, rotationAsked } = stored
  if (!isApiKey(secret)) return { state: 'unusable' }
  const hash = hashApiKey(secret)
  const key = known.find(candidate => candidate.hash === hash)
  if (!key) return { state: 'new', prefix: apiKeyPrefix(secret) }
  const ours = key.tenant_id === row?.id && key.managed_by === 'resource' && key.name === name && !key.revoked_at
  return ours ? { state: 'known', keyId: key.id, rotationAsked } : { state: 'unusable' }
}

export function observedRole(place: TenantPlace): ObservedRole {
  return {
    name: place.role,
    login: place.loginRole,
    exists: place.roleExists,
    granted: place.granted,
    excess: place.excess,
  }
}

export function observedSchema(place: TenantPlace): Omit<ObservedTenantSchema, 'applied' | 'structure' | 'grants'> {
  return {
    name: place.schema,
    exists: place.schemaExists,
    marker: place.marker,
    ownedBy: place.schemaOwner,
    strayTables: place.strayTables,
    archivedPoints: place.tables.includes(ARCHIVED_POINTS),
    public: place.public,
  }
}
