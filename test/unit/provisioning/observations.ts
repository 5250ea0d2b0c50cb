import { fingerprint } from '../../../api/contract/fingerprint.ts'
import type { ApiKeyRow, KnowledgeBaseRow, TenantRow } from '../../../api/stores/postgres/rows.ts'
import type { DesiredPipeline, DesiredTenant } from '../../../api/provisioning/desired.ts'
import type { ObservedCollection, ObservedPipeline, ObservedTenant } from '../../../api/provisioning/observed.ts'
import { controlMigrations } from '../../../api/stores/postgres/migrations/control/index.ts'
import { tenantMigrations } from '../../../api/stores/postgres/migrations/tenant/index.ts'
import { showTuning } from '../../../api/stores/vectors/tuning.ts'
import { levelOf } from '../../../api/stores/postgres/schema-state.ts'
import { payloadIndexes } from '../../../api/stores/vectors/vector-store.ts'

/** Observations of worlds in which everything is as desired; tests change one thing of them. */

export const NOW = new Date('2026-06-01T12:00:00Z')

export function settledPipeline(desired: DesiredPipeline): ObservedPipeline {
  return {
    login: { role: 'app', database: 'rag', serverVersion: 17, mayCreateRoles: true, mayCreateSchemas: true },
    control: { exists: true, owner: desired.owner, released: null, applied: controlMigrations.map(one => one.name) },
    integrity: { structure: [], foreign: [], grants: [] },
    collection: settledCollection(desired, `${desired.collectionPrefix}_shared`),
  }
}

export function settledCollection(desired: DesiredPipeline, alias: string): ObservedCollection {
  const { space, hnsw } = desired.vectors
  if (!space) throw new Error('give a pipeline with an embedding model')
  const name = `${alias}_g1`
  return {
    alias,
    target: name,
    nameTaken: false,
    state: {
      name,
      dense: { dimension: space.dimension, distance: space.distance },
      sparse: true,
      tuning: showTuning({ hnsw }),
      tunedTo: showTuning({ hnsw }),
      wrongIndexes: {},
      tenancy: 'shared',
      owner: desired.owner,
      fingerprint: fingerprint(space),
      indexes: payloadIndexes,
      points: 3,
    },
    generations: [
      {
        collection: name,
        alias,
        generation: 1,
        fingerprint: fingerprint(space),
        model: space.model,
        dimension: space.dimension,
        distance: space.distance,
        status: 'active',
        created_at: NOW,
      },
    ],
  }
}

export function settledTenant(pipeline: DesiredPipeline, desired: DesiredTenant): ObservedTenant {
  const row = tenantRow(pipeline, desired)
  const knowledgeBases = desired.knowledgeBases.map(kb => knowledgeBaseRow(kb.name, { ...kb, managed_by: 'resource' }))
  const keys = desired.apiKeys.map(key =>
    keyRow(key.name, {
      role: key.role,
      scope_kb_ids: key.knowledgeBases ? key.knowledgeBases.map(name => `kb-${name}`) : null,
    }),
  )
  return {
    pipelineReady: true,
    destination: null,
    move: null,
    knowsMoves: true,
    level: { image: 'selfrag-api:test', ...levelOf(controlMigrations, tenantMigrations) },
    row,
    role: { name: 'tenant_role', login: 'app', exists: true, granted: true, excess: [] },
    schema: {
      name: `tenant_${desired.slug}`,
      exists: true,
      marker: desired.owner,
      ownedBy: 'tenant_role',
      strayTables: [],
      structure: [],
      grants: [],
      archivedPoints: false,
      public: false,
      applied: tenantMigrations.map(one => one.name),
    },
    archives: [],
    usage: { knowledgeBases: knowledgeBases.length, documents: 0, chunks: 0, storageBytes: 0 },
    collection: settledCollection(pipeline, row.collection),
    knowledgeBases,
    keys,
    vault: Object.fromEntries(keys.map(key => [key.name, { state: 'known', keyId: key.id, rotationAsked: false }])),
  }
}

function tenantRow(pipeline: DesiredPipeline, desired: DesiredTenant): TenantRow {
  return {
    id: 'tenant-id',
    slug: desired.slug,
    display_name: desired.displayName,
    plan: desired.plan,
    status: 'active',
    isolation: desired.isolation,
    schema_name: `tenant_${desired.slug}`,
    collection: `${pipeline.collectionPrefix}_shared`,
    managed_by: desired.managedBy,
    owner: desired.owner,
    quotas: desired.quotas,
    settings: {},
    released_at: null,
    created_at: NOW,
    updated_at: NOW,
  }
}

export function knowledgeBaseRow(name: string, changes: Partial<KnowledgeBaseRow> = {}): KnowledgeBaseRow {
  return {
    ...{ id: `kb-${name}`, name, description: '', chunking: {}, retrieval: {}, settings: {}, managed_by: 'api' },
    ...{ version: '1', deleted_at: null, created_at: NOW, updated_at: NOW },
    ...changes,
  }
}

export function keyRow(name: string, changes: Partial<ApiKeyRow> = {}): ApiKeyRow {
  return {
    ...{ id: `key-${name}`, tenant_id: 'tenant-id', name, prefix: 'kb_sk_abc', hash: `hash-${name}`, role: 'read' },
    ...{ scope_kb_ids: null, rate_limit_per_minute: null, managed_by: 'resource', expires_at: null },
    ...{ revoked_at: null, last_used_at: null, created_at: NOW },
    ...changes,
  }
}
